import type { NodeDetail } from '../../api/types'
import { dedent } from '../../parts/dedent'
import { CodeLine } from '../file/code-line'
import { tokenize } from '../file/tokenize'

interface Props {
  templates: NodeDetail['templates']
  showLine: (line: number) => void
}

/** What makes the messages that reach the node. */
export function Templates({ templates, showLine }: Props) {
  if (templates.length === 0) return <p className="muted">Messages reach it as they were sent.</p>
  return templates.map(({ where, line, text }) => (
    <figure key={`${where} ${line}`} className="template">
      <figcaption>
        {where}
        <button type="button" className="node-more" onClick={() => showLine(line)}>
          line {line}
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        {tokenize(dedent(text.trimEnd())).map((tokens, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
          <div key={index}>{tokens.length === 0 ? ' ' : <CodeLine tokens={tokens} />}</div>
        ))}
      </pre>
    </figure>
  ))
}
