import type { Executor } from '../api/types'
import './executors.css'
import { byHost, type Host } from './hosts'

const SHOWN = 4

/** Who executes a flow: a few machines with their processes, and the others for who asks. */
export function Executors({ executors }: { executors: Executor[] }) {
  const hosts = byHost(executors)
  return (
    <div className="executors">
      <Hosts hosts={hosts.slice(0, SHOWN)} />
      {hosts.length > SHOWN && (
        <details>
          <summary>and {hosts.length - SHOWN} more</summary>
          <Hosts hosts={hosts.slice(SHOWN)} />
        </details>
      )}
    </div>
  )
}

function Hosts({ hosts }: { hosts: Host[] }) {
  return (
    <ul aria-label="Executed by">
      {hosts.map(({ name, processes }) => (
        <li key={name}>
          <span className="executors-host">{name}</span> {processes}
        </li>
      ))}
    </ul>
  )
}
