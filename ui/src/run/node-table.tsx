import { Link } from 'wouter'
import { path, withQuery } from '../api/client'
import type { NodeProfile, Profile, RunDetail } from '../api/types'
import { formatCount, formatPercent, formatSeconds } from '../parts/format'
import { Panel } from '../parts/panel'

/** Some messages are timed, so the time of all is estimated by them. */
function estimate({ received, timed, seconds }: NodeProfile): number {
  return timed > 0 ? (seconds * received) / timed : 0
}

/** Where the time went: the nodes, the slowest first. */
export function NodeTable({ run, profile }: { run: RunDetail; profile: Profile }) {
  const nodes = Object.entries(profile.nodes)
    .map(([name, node]) => ({ name, node, seconds: estimate(node) }))
    .sort((left, right) => right.seconds - left.seconds)
  const all = nodes.reduce((sum, { seconds }) => sum + seconds, 0)
  return (
    <Panel title="Where the time went">
      <table className="table run-nodes">
        <thead>
          <tr>
            <th>Node</th>
            <th>Share</th>
            <th className="number">Own time</th>
            <th className="number">Each</th>
            <th className="number">Messages</th>
            <th className="number">Failed</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ name, node, seconds }) => (
            <tr key={name}>
              <td>
                <Link className="mono" href={withQuery(path('flows', run.flow), { node: name })}>
                  {name}
                </Link>
              </td>
              <td data-label="Share">
                <span className="run-share">
                  <span
                    className="run-share-bar"
                    style={{ width: `${all > 0 ? (seconds / all) * 100 : 0}%` }}
                  />
                </span>
                <span className="only-read-aloud">{formatPercent(seconds, all)}</span>
              </td>
              <td data-label="Own time" className="number">
                {formatSeconds(seconds)}
              </td>
              <td data-label="Each" className="number muted">
                {node.timed > 0 ? formatSeconds(node.seconds / node.timed) : ''}
              </td>
              <td data-label="Messages" className="number">
                {formatCount(node.received)}
              </td>
              <td
                data-label="Failed"
                className={node.failed > 0 ? 'number count-warn' : 'number not-on-phone'}
              >
                {node.failed > 0 ? formatCount(node.failed) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
