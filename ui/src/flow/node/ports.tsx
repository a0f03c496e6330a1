import type { ComponentDetail } from '../../api/types'
import { Text } from '../../parts/text'

/** What goes into a component and what comes out, as it is documented. */
export function Ports({ component: { inputs, outputs } }: { component: ComponentDetail }) {
  return (
    <dl className="settings">
      {inputs.map(({ name, summary }) => (
        <Port key={`in ${name}`} name={name} kind="input" summary={summary} />
      ))}
      {outputs.map(({ name, summary, error, detached }) => (
        <Port
          key={`out ${name}`}
          name={name}
          kind={error ? 'errors' : detached ? 'output, tasks of their own' : 'output'}
          summary={summary}
        />
      ))}
    </dl>
  )
}

function Port({ name, kind, summary }: { name: string; kind: string; summary: string }) {
  return (
    <div className="setting">
      <dt>
        <code>{name}</code> <span className="muted">{kind}</span>
      </dt>
      <dd className="setting-about">
        <Text text={summary} />
      </dd>
    </div>
  )
}
