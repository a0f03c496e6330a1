import { useMemo } from 'react'
import { useSearchParams } from 'wouter'
import type { LetterFilter } from '../api/queries'
import type { LetterId } from './attempts'

const NAMES = ['flow', 'run', 'node', 'code', 'text'] as const

/** Filter and opened letter are in the address. */
export function useFilter() {
  const [params, setParams] = useSearchParams()
  const filter = useMemo<LetterFilter>(
    () => Object.fromEntries(NAMES.flatMap(name => (params.get(name) ? [[name, params.get(name)]] : []))),
    [params],
  )
  const [ofRun, task] = [params.get('ofRun'), params.get('task')]
  const letter = useMemo<LetterId | null>(() => (ofRun && task ? { run: ofRun, task } : null), [ofRun, task])
  const set = (values: { [name: string]: string | undefined }, replace = false) =>
    setParams(
      old => {
        const next = new URLSearchParams(old)
        for (const [name, value] of Object.entries(values)) {
          if (value) next.set(name, value)
          else next.delete(name)
        }
        return next
      },
      { replace },
    )
  const change = (values: LetterFilter, replace = false) =>
    set({ ...values, ofRun: undefined, task: undefined }, replace)
  const open = (id: LetterId | null) =>
    set({ ofRun: id?.run, task: id?.task }, letter !== null && id !== null)
  return { filter, change, letter, open }
}
