import {
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type RefObject,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { Finding } from '../../api/types'
import type { Graph } from '../graph/layout'
import type { Selecting } from '../selection'
import { CodeLine } from './code-line'
import './file-pane.css'
import { Mistakes } from './mistakes'
import { ownerOf, type Range, rangeOf } from './owners'
import { type Token, tokenize } from './tokenize'

/** Lines are drawn in chunks, of which those far away cost nothing. */
const CHUNK = 25

interface Props extends Selecting {
  path: string
  text: string
  graph: Graph
  findings: Finding[]
  shown: { line: number; turn: number } | null
  /** on a phone it may be behind the graph */
  isSeen: boolean
}

/** The flow file: what is chosen is marked in it, and a line chooses what it belongs to. */
export function FilePane({ path, text, graph, findings, selection, select, shown, isSeen }: Props) {
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const lines = useMemo(() => text.replace(/\n$/, '').split('\n'), [text])
  const tokens = useMemo(() => tokenize(lines.join('\n')), [lines])
  const range = useMemo(() => rangeOf(graph, lines, selection), [graph, lines, selection])
  const [cursor, setCursor] = useState(1)
  const choose = (line: number) => {
    setCursor(line)
    select(ownerOf(graph, lines, line, selection))
  }
  useShowing(list, range, shown, isSeen)
  const chunks = Array.from({ length: Math.ceil(lines.length / CHUNK) }, (_, index) => index * CHUNK)
  return (
    <section className="file" aria-label="File">
      <header className="file-head mono">{path}</header>
      <div
        ref={list}
        className="file-lines mono"
        role="listbox"
        aria-label={`Lines of ${path}`}
        aria-multiselectable="true"
        aria-activedescendant={`${id}-${cursor}`}
        tabIndex={0}
        onKeyDown={event => moveCursor(event, cursor, lines.length, setCursor, choose, id)}
        onClick={event => clickLine(event, choose)}
      >
        {chunks.map(start => (
          <Chunk
            key={start}
            id={id}
            start={start}
            tokens={tokens.slice(start, start + CHUNK)}
            findings={findings}
            range={overlap(range, start)}
            cursor={cursor > start && cursor <= start + CHUNK ? cursor : 0}
          />
        ))}
      </div>
    </section>
  )
}

/** The part of a range in a chunk, as one text, so that other chunks need not be drawn anew. */
function overlap(range: Range | null, start: number): string {
  if (!range || range.last <= start || range.first > start + CHUNK) return ''
  return `${range.first} ${range.last}`
}

function clickLine(event: MouseEvent, choose: (line: number) => void) {
  // Marking text to copy it chooses nothing.
  if (window.getSelection()?.isCollapsed === false) return
  const line = (event.target as HTMLElement).closest<HTMLElement>('[data-line]')?.dataset.line
  if (line) choose(Number(line))
}

const STEPS: { [key: string]: number } = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -20,
  PageDown: 20,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
}

function moveCursor(
  event: KeyboardEvent,
  cursor: number,
  count: number,
  setCursor: (line: number) => void,
  choose: (line: number) => void,
  id: string,
) {
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault()
    choose(cursor)
    return
  }
  const step = STEPS[event.key]
  if (step === undefined || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  const next = Math.max(1, Math.min(count, cursor + step))
  setCursor(next)
  document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' })
}

/** Scrolls to what was chosen or asked for last, at once or when the file comes to be seen. */
function useShowing(
  list: RefObject<HTMLElement | null>,
  range: Range | null,
  shown: Props['shown'],
  isSeen: boolean,
) {
  const goal = useRef<Range | null>(null)
  const first = range?.first
  const last = range?.last
  useEffect(() => {
    goal.current = first !== undefined && last !== undefined ? { first, last } : null
    if (goal.current) scrollTo(list.current, goal.current)
  }, [list, first, last])
  useEffect(() => {
    if (!shown) return
    goal.current = { first: shown.line, last: shown.line }
    scrollTo(list.current, goal.current)
  }, [list, shown])
  useEffect(() => {
    if (isSeen && goal.current) scrollTo(list.current, goal.current)
  }, [list, isSeen])
  useEffect(() => {
    if (isSeen && shown && shown.turn > 0) list.current?.scrollIntoView({ block: 'nearest' })
  }, [list, shown, isSeen])
}

/** What can be seen already stays where it is. */
function scrollTo(list: HTMLElement | null, { first, last }: Range) {
  const top = list?.querySelector<HTMLElement>(`[data-line="${first}"]`)
  const bottom = list?.querySelector<HTMLElement>(`[data-line="${last}"]`)
  if (!list || !top || !bottom) return
  const view = list.getBoundingClientRect()
  const from = top.getBoundingClientRect().top - view.top
  const to = bottom.getBoundingClientRect().bottom - view.top
  if (from >= 0 && to <= view.height) return
  // A third from above, or as far up as it takes to show it all.
  const room = Math.max(0, Math.min(view.height / 3, view.height - (to - from)))
  list.scrollTop += from - room
}

interface ChunkProps {
  id: string
  start: number
  tokens: Token[][]
  findings: Finding[]
  range: string
  cursor: number
}

const Chunk = memo(
  ({ id, start, tokens, findings, range, cursor }: ChunkProps) => {
    const [first = 0, last = -1] = range === '' ? [] : range.split(' ').map(Number)
    return (
      <div className="file-chunk" role="presentation">
        {tokens.map((each, index) => {
          const line = start + index + 1
          const here = findings.filter(finding => finding.line === line)
          const isMarked = line >= first && line <= last
          return (
            <div
              key={line}
              id={`${id}-${line}`}
              data-line={line}
              role="option"
              tabIndex={-1}
              aria-selected={isMarked}
              aria-label={each.length === 0 ? `Line ${line}, empty` : undefined}
              className={lineClass(isMarked, line === cursor, here)}
            >
              <span className="file-number" data-number={line} aria-hidden="true" />
              <span className="file-text">
                <CodeLine tokens={each} />
                {here.length > 0 && <Mistakes findings={here} />}
              </span>
            </div>
          )
        })}
      </div>
    )
  },
  (before, after) =>
    before.range === after.range &&
    before.cursor === after.cursor &&
    before.findings === after.findings &&
    before.tokens.length === after.tokens.length &&
    before.tokens.every((line, index) => line === after.tokens[index]),
)

function lineClass(isMarked: boolean, isCursor: boolean, findings: Finding[]): string {
  const isWrong = findings.some(finding => finding.severity === 'error')
  const marks = [
    isMarked && 'is-marked',
    isCursor && 'is-cursor',
    findings.length > 0 && (isWrong ? 'tone-bad' : 'tone-warn'),
  ]
  return `file-line ${marks.filter(Boolean).join(' ')}`
}
