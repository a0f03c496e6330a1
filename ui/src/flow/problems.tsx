import type { Finding } from '../api/types'
import { Icon } from '../parts/icon'
import { Text } from '../parts/text'
import type { StillFlow } from './use-flow'

interface Props {
  flow: StillFlow
  showLine: (line: number) => void
}

const WHAT = {
  running: '',
  invalid: 'The file does not load, so nothing runs',
  elsewhere: 'Another process runs this flow',
}

/** Why the flow does not run, or not as its file says, with what was found in the file. */
export function Problems({ flow, showLine }: Props) {
  const what = flow.problem ?? (flow.takesActions ? '' : WHAT[flow.state])
  if (what === '' && flow.findings.length === 0) return null
  const isWrong = flow.state === 'invalid' || flow.findings.some(finding => finding.severity === 'error')
  return (
    <section className={`problems tone-${isWrong ? 'bad' : 'warn'}`} aria-label="Problems">
      {what !== '' && (
        <p className="problems-what">
          <Icon name="warn" />
          <span>
            <Text text={what} />
          </span>
        </p>
      )}
      {flow.findings.length > 0 && (
        <ul>
          {flow.findings.map(finding => (
            <Line key={`${finding.place} ${finding.code} ${finding.message}`} {...{ finding, showLine }} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Line({ finding, showLine }: { finding: Finding; showLine: (line: number) => void }) {
  return (
    <li className={`tone-${finding.severity === 'error' ? 'bad' : 'warn'}`}>
      <button type="button" onClick={() => showLine(finding.line)}>
        <span className="problems-place mono">
          {finding.line}:{finding.column} {finding.code}
        </span>
        <span className="problems-message">
          {finding.severity === 'warning' && 'warning: '}
          <Text text={finding.message} />
        </span>
      </button>
    </li>
  )
}
