"""Kubernetes: what a flow becomes there, and the operator that makes it so.

    name, manifest     names, labels, kinds; manifests as YAML
    structural, crd    the schemas of flow files as Kubernetes takes them; the custom resources
    pod, desired       a flow -> the manifests of what runs it: a pure function
    patch, status      what has changed in an object; the status of a Flow: pure, too
    api                the API server: the few requests that are needed
    converge, drain    the cluster is made as a flow's manifests say; a flow's workers end
    stores, signals    what is known of a flow's runs; a Signal is fired once
    reconciler         all of it for one Flow, again and again, from whatever there is
    operator           kopf watches, repeats and posts events

Nothing here executes flows, elects a leader or keeps state of its own: the cluster and the store have it all.
Only `operator` knows kopf, only `api` speaks HTTP.
"""
