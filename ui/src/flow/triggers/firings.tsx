import { useQuery } from '@tanstack/react-query'
import { get, path, withQuery } from '../../api/client'
import { keys } from '../../api/queries'
import type { Trigger } from '../../api/types'
import { Failure } from '../../parts/failure'
import { formatLocal } from '../../parts/format'
import { Time } from '../../parts/time'

interface Firing {
  at: string
  /** by the clock of the trigger's time zone; empty where it has none */
  local: string
}

const SHOWN = 5

export function Firings({ flow, trigger }: { flow: string; trigger: Trigger }) {
  const { data, error } = useQuery({
    // After each firing the list begins later.
    queryKey: [...keys.flow(flow), 'firings', trigger.node, trigger.nextFiring],
    queryFn: ({ signal }) =>
      get<{ firings: Firing[] }>(
        withQuery(path('flows', flow, 'triggers', trigger.node, 'firings'), { count: SHOWN }),
        signal,
      ),
  })
  if (error) return <Failure error={error} />
  if (!data) return null
  if (data.firings.length === 0) return <p className="muted">It does not fire any more.</p>
  return (
    <ol className="firings" aria-label={`Next firings of ${trigger.node}`}>
      {data.firings.map(({ at, local }) => (
        <li key={at}>
          <span>{local || formatLocal(at)}</span>
          <span className="muted">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ol>
  )
}
