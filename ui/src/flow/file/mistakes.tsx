import type { Finding } from '../../api/types'
import { Text } from '../../parts/text'

/** How many carets the excerpt of a finding has. */
export function caretsOf({ excerpt }: Finding): number {
  return /\^+/.exec(excerpt.split('\n').at(-1) ?? '')?.[0].length ?? 1
}

/** What is wrong with a line, below it and with carets below its place. */
export function Mistakes({ findings }: { findings: Finding[] }) {
  return findings.map(finding => (
    <span
      key={`${finding.code} ${finding.column} ${finding.message}`}
      className={`mistake tone-${finding.severity === 'error' ? 'bad' : 'warn'}`}
    >
      <span className="mistake-carets" aria-hidden="true">
        {' '.repeat(Math.max(0, finding.column - 1))}
        {'^'.repeat(caretsOf(finding))}
      </span>
      <span className="mistake-text">
        <span className="only-read-aloud">{finding.severity}: </span>
        {finding.code} <Text text={finding.message} />
        {finding.cure !== '' && (
          <span className="mistake-cure">
            <Text text={finding.cure} />
          </span>
        )}
      </span>
    </span>
  ))
}
