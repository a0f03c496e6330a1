import { useConnection } from '../api/live'
import { Badge } from '../parts/status'

/** Whether what is on the page is what is happening. */
export function ConnectionState() {
  const connection = useConnection()
  return (
    <span role="status" aria-live="polite">
      {connection === 'open' && (
        <Badge tone="ok" icon="check">
          live
        </Badge>
      )}
      {connection === 'lost' && (
        <Badge tone="bad" icon="warn">
          <span>
            connection lost<span className="bar-wide">, trying again</span>
          </span>
        </Badge>
      )}
      {(connection === 'connecting' || connection === 'resting') && <Badge tone="idle">connecting</Badge>}
    </span>
  )
}
