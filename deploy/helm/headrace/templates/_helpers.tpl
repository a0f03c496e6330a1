{{- define "headrace.name" -}}
{{ printf "%s-headrace" .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "headrace.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "headrace.store" -}}
{{- if .Values.store -}}
{{ .Values.store }}
{{- else -}}
nats://{{ .Release.Name }}-nats.{{ .Release.Namespace }}:4222/{namespace}?replicas={{ if .Values.nats.config.cluster.enabled }}{{ .Values.nats.config.cluster.replicas }}{{ else }}1{{ end }}
{{- end -}}
{{- end }}

{{- define "headrace.selector" -}}
app.kubernetes.io/name: headrace
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "headrace.labels" -}}
{{ include "headrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "headrace.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "headrace.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* What the operator does, and nothing else. It reads no Secret: pods mount them by name. */ -}}
{{- define "headrace.rules" -}}
- apiGroups: [headrace.dev]
  resources: [flows, signals]
  verbs: [get, list, watch, patch]
- apiGroups: [headrace.dev]
  resources: [flows/status, signals/status]
  verbs: [patch]
- apiGroups: [headrace.dev]
  resources: [flows/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps, services]
  verbs: [get, list, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}
