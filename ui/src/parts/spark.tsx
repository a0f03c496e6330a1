import { useLocation } from 'wouter'
import { path } from '../api/client'
import type { RunStatus, RunSummary } from '../api/types'
import { formatLocal, formatSeconds } from './format'
import './spark.css'
import { toneOf } from './status'

const SLOTS = 20
const WIDTH = 6
const HEIGHT = 24
const LEAST = 3
/** A failure is seen even where it came at once. */
const LEAST_FAILED = 8

/** A bar for each of the last runs, the newest at the right: its height is its time, its colour its status. */
export function Spark({ runs }: { runs: RunSummary[] }) {
  const [, navigate] = useLocation()
  const shown = runs.slice(0, SLOTS).reverse()
  const most = Math.max(...shown.map(run => run.seconds), 0.001)
  return (
    <svg className="spark" width={SLOTS * WIDTH} height={HEIGHT} role="img" aria-label={describe(shown)}>
      {shown.map((run, index) => {
        const least = run.status === 'failed' ? LEAST_FAILED : LEAST
        const height = least + (HEIGHT - least) * (run.seconds / most)
        // Failures differ by more than their colour: they are broader.
        const gap = run.status === 'failed' ? 0.25 : 1
        const x = (SLOTS - shown.length + index) * WIDTH
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: a short cut for the mouse; the list of runs has links
          <g
            key={run.id}
            className={`spark-run tone-${toneOf(run.status)}`}
            onClick={() => navigate(path('runs', run.id))}
          >
            <rect className="spark-slot" x={x} width={WIDTH} height={HEIGHT} />
            <rect
              className="spark-bar"
              x={x + gap}
              y={HEIGHT - height}
              width={WIDTH - 2 * gap}
              height={height}
              rx={1}
            />
            <title>{`${run.status}, ${formatSeconds(run.seconds)}, ${formatLocal(run.startedAt)}`}</title>
          </g>
        )
      })}
    </svg>
  )
}

function describe(runs: RunSummary[]): string {
  if (runs.length === 0) return 'no run yet'
  const counts = new Map<RunStatus, number>()
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1)
  return `of the last ${runs.length} runs: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}`
}
