import type { Finding } from '../api/types'
import { Excerpt } from './excerpt'
import './finding.css'
import { Badge } from './status'
import { Text } from './text'

/** A mistake of a flow file in as little room as it can be read in. */
export function FindingRow({ finding }: { finding: Finding }) {
  const isError = finding.severity === 'error'
  return (
    <div className="finding">
      <p className="finding-line">
        <Badge tone={isError ? 'bad' : 'warn'} icon={isError ? 'cross' : 'warn'}>
          {finding.code}
        </Badge>{' '}
        <span>
          <Text text={finding.message} />
        </span>{' '}
        <span className="muted mono">
          line {finding.line}, column {finding.column}
        </span>
      </p>
      <Excerpt text={finding.excerpt} />
      {finding.cure !== '' && (
        <p>
          <Text text={finding.cure} />
        </p>
      )}
    </div>
  )
}
