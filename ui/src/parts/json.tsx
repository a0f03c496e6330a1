import { type ReactNode, useId, useMemo, useState } from 'react'
import { digitsOf, parseExact } from '../api/exact'
import type { Json } from '../api/types'
import { findMistake, type JsonMistake } from './json-place'
import './json.css'

/** Longer lists and objects are shown in steps of this size. */
const STEP = 100
const LONG_TEXT = 2000

/** A value as a tree that folds. `depth` levels are open at first. */
export function JsonView({ value, depth = 3 }: { value: Json; depth?: number }) {
  return (
    <div className="json mono">
      <Value value={value} depth={depth} />
    </div>
  )
}

function Value({ value, depth, name }: { value: Json; depth: number; name?: string }) {
  const key = name === undefined ? null : <span className="json-key">{JSON.stringify(name)}: </span>
  const digits = digitsOf(value)
  if (value !== null && typeof value === 'object' && digits === null) {
    const entries = Array.isArray(value)
      ? value.map((element): [undefined, Json] => [undefined, element])
      : Object.entries(value)
    const marks = Array.isArray(value) ? '[]' : '{}'
    if (entries.length === 0) {
      return (
        <div>
          {key}
          {marks}
        </div>
      )
    }
    return <Nested label={key} entries={entries} marks={marks} depth={depth} />
  }
  return (
    <div className="json-row">
      {key}
      {digits === null ? <Scalar value={value as Plain} /> : <span className="json-scalar">{digits}</span>}
    </div>
  )
}

type Plain = null | boolean | number | string

function Scalar({ value }: { value: Plain }) {
  const [isWhole, setWhole] = useState(false)
  if (typeof value !== 'string') return <span className="json-scalar">{String(value)}</span>
  const isLong = value.length > LONG_TEXT && !isWhole
  return (
    <span className="json-text">
      {JSON.stringify(isLong ? value.slice(0, LONG_TEXT) : value)}
      {isLong && (
        <button type="button" className="json-more" onClick={() => setWhole(true)}>
          … all {value.length} characters
        </button>
      )}
    </span>
  )
}

interface NestedProps {
  label: ReactNode
  entries: [string | undefined, Json][]
  marks: string
  depth: number
}

function Nested({ label, entries, marks, depth }: NestedProps) {
  const [isOpen, setOpen] = useState(depth > 0)
  const [shown, setShown] = useState(STEP)
  return (
    <details className="json-nested" open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        {marks[0]}
        {!isOpen && (
          <span className="json-count">
            {entries.length} {marks[1]}
          </span>
        )}
      </summary>
      {isOpen && (
        <>
          <div className="json-inside">
            {entries.slice(0, shown).map(([name, each], index) => (
              <Value
                key={name ?? index}
                value={each}
                depth={depth - 1}
                {...(name === undefined ? {} : { name })}
              />
            ))}
            {entries.length > shown && (
              <button type="button" className="json-more" onClick={() => setShown(shown + STEP)}>
                … {entries.length - shown} more
              </button>
            )}
          </div>
          {marks[1]}
        </>
      )}
    </details>
  )
}

/** The text of an editor, its value where it is JSON, and its first mistake where it is not. */
export interface JsonDraft {
  text: string
  setText: (text: string) => void
  value: Json | undefined
  mistake: JsonMistake | null
}

export function useJsonDraft(initial: Json): JsonDraft {
  const [text, setText] = useState(() => JSON.stringify(initial, null, 2))
  return useMemo(() => {
    try {
      return { text, setText, mistake: null, value: parseExact(text) }
    } catch {
      return { text, setText, mistake: findMistake(text), value: undefined }
    }
  }, [text])
}

interface EditorProps {
  draft: JsonDraft
  label: string
  rows?: number
}

export function JsonEditor({ draft, label, rows = 12 }: EditorProps) {
  const id = useId()
  const { mistake } = draft
  return (
    <div className="json-editor">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="field mono"
        rows={Math.min(rows, draft.text.split('\n').length + 1)}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={draft.text}
        onChange={event => draft.setText(event.target.value)}
        aria-invalid={mistake !== null}
        aria-describedby={`${id}-mistake`}
      />
      <div id={`${id}-mistake`} aria-live="polite">
        {mistake && (
          <>
            <p className="json-mistake">
              Line {mistake.line}, column {mistake.column}: {mistake.message}
            </p>
            <pre className="excerpt">{mistake.excerpt}</pre>
          </>
        )}
      </div>
    </div>
  )
}
