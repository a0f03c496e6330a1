import { useEffect, useRef, useState } from 'react'
import { type LetterFilter, useFlows } from '../api/queries'
import type { DeadLetter } from '../api/types'
import { Button } from '../parts/button'
import { Icon } from '../parts/icon'
import { Select } from '../parts/select'

const TYPED_MS = 300

interface Props {
  filter: LetterFilter
  /** those that are listed: their nodes and codes are offered */
  letters: DeadLetter[]
  change: (filter: LetterFilter, replace?: boolean) => void
}

export function Filters({ filter, letters, change }: Props) {
  const flows = (useFlows().data ?? []).filter(flow => flow.deadLetters > 0 || flow.name === filter.flow)
  const nodes = unique(letters.map(letter => letter.node))
  const codes = unique(letters.map(letter => letter.error.code))
  return (
    <search className="letters-filters" aria-label="Filter dead letters">
      {filter.run && (
        <Button
          icon="cross"
          onClick={() => change({ run: undefined })}
          aria-label={`Of run ${filter.run}; show all runs`}
        >
          run <span className="mono">{filter.run}</span>
        </Button>
      )}
      <Select
        label="Flow"
        value={filter.flow}
        options={flows.map(flow => flow.name)}
        onChange={flow => change({ flow, node: undefined })}
      />
      <Select label="Node" value={filter.node} options={nodes} onChange={node => change({ node })} />
      <Select label="Code" value={filter.code} options={codes} onChange={code => change({ code })} />
      <TextFilter text={filter.text ?? ''} onChange={text => change({ text }, true)} />
    </search>
  )
}

/** What is typed is asked for when nothing was typed for a moment. */
function TextFilter({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => latest.current(typed), TYPED_MS)
    return () => clearTimeout(timer)
  }, [typed, text])
  return (
    <span className="letters-text">
      <Icon name="search" />
      <input
        className="field"
        type="search"
        placeholder="Text of error or message"
        aria-label="Text of error or message"
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
    </span>
  )
}

const unique = (texts: string[]) => [...new Set(texts.filter(Boolean))].sort()
