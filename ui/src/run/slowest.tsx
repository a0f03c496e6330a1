import { spanKey } from '../api/batch'
import type { TaskSpan } from '../api/types'
import { Facts } from '../parts/facts'
import { formatSeconds } from '../parts/format'
import { Measure } from '../parts/measure'
import { Panel } from '../parts/panel'
import { ResultBadge } from './result'

export function Slowest({ spans }: { spans: TaskSpan[] }) {
  const most = Math.max(...spans.map(span => span.seconds), 0.001)
  return (
    <Panel title="The slowest tasks">
      <table className="table run-slowest">
        <thead>
          <tr>
            <th>Task</th>
            <th>Data</th>
            <th className="number">Time</th>
            <th>Began at</th>
            <th>Result</th>
          </tr>
        </thead>
        <tbody>
          {spans.map(span => (
            <tr key={spanKey(span)}>
              <td className="mono">
                {span.node}:{span.port}
              </td>
              <td data-label="Data">
                <Facts facts={span.context} />
              </td>
              <td data-label="Time" className="number">
                <Measure share={span.seconds / most} tone="idle">
                  {formatSeconds(span.seconds)}
                </Measure>
              </td>
              <td data-label="Began at" className="muted nowrap">
                +{formatSeconds(span.beganSeconds)}
              </td>
              <td>
                <ResultBadge result={span.result} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
