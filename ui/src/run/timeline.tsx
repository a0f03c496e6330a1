import { useMemo, useState } from 'react'
import { spanKey } from '../api/batch'
import type { Profile, RunDetail, TaskSpan } from '../api/types'
import { Button } from '../parts/button'
import { Facts } from '../parts/facts'
import { formatCount, formatRate, formatSeconds, plural } from '../parts/format'
import { useNow } from '../parts/now'
import { Panel } from '../parts/panel'
import { useWidth } from '../parts/width'
import { type Lanes, placeSpans } from './lanes'
import { RESULTS, ResultBadge } from './result'
import { type Stretch, Strip } from './strip'
import './timeline.css'

const HINT = matchMedia('(hover: none)').matches
  ? 'Touch a task to read what it was.'
  : 'Point at a task to read what it was; drag over a stretch to see it larger.'

interface Props {
  run: RunDetail
  profile: Profile
}

/** The tasks of a run over its time, with a lane for each that ran beside another. */
export function Timeline({ run, profile }: Props) {
  const whole = useWhole(run, profile)
  const [zoom, setZoom] = useState<Stretch | null>(null)
  const [chosen, setChosen] = useState<TaskSpan | null>(null)
  const lanes = useMemo(() => placeSpans(profile.tasks), [profile.tasks])
  const aside = (
    <span className="timeline-aside muted">
      <Legend spans={profile.tasks} />
      {profile.earlier > 0 &&
        `the last ${formatCount(profile.tasks.length)}; ${plural(profile.earlier, 'task')} before`}
      {zoom && <Button onClick={() => setZoom(null)}>Whole run</Button>}
    </span>
  )
  return (
    <Panel title="Tasks over time" aside={aside}>
      <Chart {...{ lanes, profile, chosen, setChosen, setZoom }} stretch={zoom ?? whole} />
      <Readout span={profile.tasks.find(span => chosen && spanKey(span) === spanKey(chosen)) ?? chosen} />
    </Panel>
  )
}

/** From the first task that is shown to the end, which for a run that goes on is now. */
function useWhole(run: RunDetail, profile: Profile): Stretch {
  const now = useNow()
  const elapsed = run.endedAt === null ? (now - Date.parse(run.startedAt)) / 1000 : run.seconds
  const from = profile.earlier > 0 ? (profile.tasks[0]?.beganSeconds ?? 0) : 0
  const to = profile.tasks.reduce(
    (latest, span) => Math.max(latest, span.beganSeconds + span.seconds),
    elapsed,
  )
  return useMemo(() => ({ from, to: Math.max(to, from + 0.001) }), [from, to])
}

const ORDER: TaskSpan['result'][] = ['running', 'done', 'retried', 'dead', 'dropped']

/** What the colours mean, with how many there are of each. */
function Legend({ spans }: { spans: TaskSpan[] }) {
  const counts = new Map<TaskSpan['result'], number>()
  for (const { result } of spans) counts.set(result, (counts.get(result) ?? 0) + 1)
  return ORDER.filter(result => counts.has(result)).map(result => (
    <span key={result} className="timeline-key nowrap">
      <svg width="10" height="10" aria-hidden="true">
        <rect
          className={`strip-span strip-${result} tone-${RESULTS[result].tone}`}
          width="10"
          height="10"
          rx="2"
        />
      </svg>
      {formatCount(counts.get(result) ?? 0)} {result}
    </span>
  ))
}

function mostRate({ seconds, tasks }: Profile['steps']): number {
  return seconds > 0 ? Math.max(0, ...tasks) / seconds : 0
}

interface ChartProps {
  lanes: Lanes
  profile: Profile
  stretch: Stretch
  chosen: TaskSpan | null
  setChosen: (span: TaskSpan | null) => void
  setZoom: (stretch: Stretch) => void
}

function Chart({ lanes, profile, stretch, chosen, setChosen, setZoom }: ChartProps) {
  const [ref, width] = useWidth()
  const laneHeight = Math.max(5, Math.min(16, Math.floor(260 / lanes.count)))
  const inOrder = profile.tasks
  const move = (by: number) => {
    const at = inOrder.findIndex(span => chosen && spanKey(span) === spanKey(chosen))
    setChosen(inOrder[Math.max(0, Math.min(inOrder.length - 1, at + by))] ?? null)
  }
  return (
    <div className="timeline">
      <ol className="timeline-labels" aria-hidden="true">
        <li className="timeline-rate">up to {formatRate(mostRate(profile.steps))}</li>
        {lanes.groups.map(group => (
          <li key={group.node} style={{ height: group.lanes * laneHeight }} className="mono">
            {group.node}
          </li>
        ))}
      </ol>
      {/* biome-ignore lint/a11y/useSemanticElements: a figure takes no keys */}
      <div
        ref={ref}
        className="timeline-chart"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from task to task
        tabIndex={0}
        aria-label={`${formatCount(profile.tasks.length)} tasks over ${formatSeconds(stretch.to - stretch.from)}; arrow keys go from one to the next`}
        onKeyDown={event => {
          if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
          event.preventDefault()
          move(event.key === 'ArrowRight' ? 1 : -1)
        }}
      >
        {width > 0 && (
          <Strip
            {...{ lanes, laneHeight, stretch, width, chosen, setChosen, setZoom }}
            steps={profile.steps}
          />
        )}
      </div>
    </div>
  )
}

function Readout({ span }: { span: TaskSpan | null }) {
  return (
    <p className="timeline-readout" aria-live="polite">
      {span ? (
        <>
          <ResultBadge result={span.result} />
          <span className="mono">
            {span.node}:{span.port}
          </span>
          <strong>{formatSeconds(span.seconds)}</strong>
          <span className="muted">began at +{formatSeconds(span.beganSeconds)}</span>
          <Facts facts={span.attempt > 1 ? { attempt: span.attempt, ...span.context } : span.context} />
        </>
      ) : (
        <span className="muted">{HINT}</span>
      )}
    </p>
  )
}
