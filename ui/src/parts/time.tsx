import { formatLocal, formatRelative, formatSeconds } from './format'
import { useNow } from './now'

/** When it was or will be, from now; the full time is in its title. */
export function Time({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={`${formatLocal(at)} (${at})`} className="nowrap">
      {formatRelative(at, now)}
    </time>
  )
}

/** The full time, from now in its title. */
export function FullTime({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={`${formatRelative(at, now)} (${at})`} className="nowrap">
      {formatLocal(at)}
    </time>
  )
}

/** How long a run took, or is taking. */
export function Elapsed({ run }: { run: { startedAt: string; endedAt: string | null; seconds: number } }) {
  return run.endedAt === null ? (
    <Running since={run.startedAt} />
  ) : (
    <span className="nowrap">{formatSeconds(run.seconds)}</span>
  )
}

function Running({ since }: { since: string }) {
  const now = useNow()
  return (
    <span className="nowrap">{formatSeconds(Math.max(0, Math.round((now - Date.parse(since)) / 1000)))}</span>
  )
}
