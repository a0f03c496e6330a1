import { useState } from 'react'
import type { Json, NodeDetail } from '../../api/types'
import { Text } from '../../parts/text'
import { CodeLine } from '../file/code-line'
import { tokenize } from '../file/tokenize'
import { rowsOf, type SettingRow } from './settings-rows'
import { yamlOf } from './yaml-of'

/** What the file sets, beside what the component documents; what is left to its default is folded. */
export function Settings({ node }: { node: NodeDetail }) {
  const [isWhole, setWhole] = useState(false)
  const rows = rowsOf(node.component.settings, node.settings)
  const set = rows.filter(row => row.value !== undefined)
  const others = rows.length - set.length
  if (rows.length === 0) return <p className="muted">This component has no settings.</p>
  return (
    <>
      <dl className="settings">
        {(isWhole ? rows : set).map(row => (
          <Setting key={row.name} {...row} />
        ))}
      </dl>
      {others > 0 && (
        <button
          type="button"
          className="node-more"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Only those of the file' : `${others} more, as their defaults`}
        </button>
      )}
    </>
  )
}

function Setting({ name, value, preset, type, description }: SettingRow) {
  const isSet = value !== undefined
  return (
    <div className="setting">
      <dt>
        <code>{name}</code> {type !== '' && <span className="muted">{type}</span>}
      </dt>
      <dd>
        {isSet && <Value value={value} />}
        <span className="setting-preset">
          {preset !== undefined && `default ${JSON.stringify(preset)}`}
          {preset === undefined && !isSet && 'not set'}
        </span>
        {description !== '' && (
          <p className="setting-about">
            <Text text={description} />
          </p>
        )}
      </dd>
    </div>
  )
}

function Value({ value }: { value: Json }) {
  return (
    <code className="setting-value">
      {tokenize(yamlOf(value)).map((tokens, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <div key={line}>
          <CodeLine tokens={tokens} />
        </div>
      ))}
    </code>
  )
}
