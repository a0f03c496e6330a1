import { Link } from 'wouter'
import { path, withQuery } from '../api/client'
import type { Finding, FlowSummary } from '../api/types'
import { FindingRow } from '../parts/finding'
import { formatCount, plural } from '../parts/format'
import { Icon } from '../parts/icon'
import { Panel } from '../parts/panel'
import { Time } from '../parts/time'
import type { Matter } from './attention'

const SHOWN_FLOWS = 6

export function Matters({ matters }: { matters: Matter[] }) {
  return (
    <Panel title="To look at">
      <ul>
        {matters.map(matter => (
          <li key={matter.kind === 'letters' ? 'letters' : `${matter.kind} ${matter.flow.name}`}>
            {matter.kind === 'file' && <FileMatter flow={matter.flow} />}
            {matter.kind === 'failed' && <FailedMatter {...matter} />}
            {matter.kind === 'letters' && <LettersMatter flows={matter.flows} />}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Name({ flow }: { flow: FlowSummary }) {
  return (
    <Link className="matter-flow" href={path('flows', flow.name)}>
      {flow.name}
    </Link>
  )
}

function FileMatter({ flow }: { flow: FlowSummary }) {
  return (
    <div className={`matter tone-${flow.state === 'invalid' ? 'bad' : 'warn'}`}>
      <Icon name="file" />
      <Name flow={flow} />
      <span className="matter-what">
        {flow.state === 'invalid' ? 'does not run: ' : ''}
        {flow.problem ?? plural(flow.findings.length, 'mistake')}
      </span>
      <span className="mono muted">{flow.path}</span>
      {flow.findings.length > 0 && <Findings findings={flow.findings} />}
    </div>
  )
}

/** The first mistake at a glance, the others on request. */
function Findings({ findings }: { findings: Finding[] }) {
  const [first, ...others] = findings
  return (
    <div className="matter-findings">
      {first && <FindingRow finding={first} />}
      {others.length > 0 && (
        <details>
          <summary>{others.length} more</summary>
          {others.map(finding => (
            <FindingRow key={`${finding.line} ${finding.column} ${finding.code}`} finding={finding} />
          ))}
        </details>
      )}
    </div>
  )
}

function FailedMatter({ flow, run, count }: Matter & { kind: 'failed' }) {
  return (
    <div className="matter tone-bad">
      <Icon name="cross" />
      <Name flow={flow} />
      <span className="matter-what">
        {count === 1 ? 'the last run failed' : `the last ${count} runs failed`}, {plural(run.errors, 'error')}
        , <Time at={run.endedAt ?? run.startedAt} />
      </span>
      <Link href={path('runs', run.id)}>Review</Link>
    </div>
  )
}

function LettersMatter({ flows }: { flows: FlowSummary[] }) {
  const count = flows.reduce((sum, flow) => sum + flow.deadLetters, 0)
  return (
    <div className="matter tone-warn">
      <Icon name="letter" />
      <Link className="matter-flow" href="/dead-letters">
        {plural(count, 'dead letter')}
      </Link>
      <span className="matter-what matter-flows">
        {flows.slice(0, SHOWN_FLOWS).map(flow => (
          <Link key={flow.name} href={withQuery('/dead-letters', { flow: flow.name })} className="nowrap">
            {flow.name} {formatCount(flow.deadLetters)}
          </Link>
        ))}
        {flows.length > SHOWN_FLOWS && (
          <span className="muted">and {flows.length - SHOWN_FLOWS} more flows</span>
        )}
      </span>
      <Link href="/dead-letters">Review</Link>
    </div>
  )
}
