import type { RunError } from '../api/types'
import { groupBy } from '../parts/group-by'

/** Errors that are one mistake: the same code at the same place. */
export interface ErrorGroup {
  key: string
  code: string
  node: string
  place: string
  excerpt: string
  errors: RunError[]
  /** what became of them, the most frequent first */
  fates: [fate: RunError['fate'], count: number][]
}

/** The gravest first: what is lost before what is tried again before what was handled. */
const GRAVITY: RunError['fate'][] = ['dead', 'ended', 'dropped', 'retried', 'collected', 'handled']

export function groupErrors(errors: RunError[]): ErrorGroup[] {
  const byPlace = groupBy(errors, error => `${error.code} ${error.place} ${error.node}`)
  const groups = [...byPlace].map(([key, own]) => groupOf(key, own))
  return groups.sort(
    (left, right) => gravity(left) - gravity(right) || right.errors.length - left.errors.length,
  )
}

function groupOf(key: string, errors: RunError[]): ErrorGroup {
  const { code, node, place, excerpt } = errors[0] as RunError
  const counts = [...groupBy(errors, error => error.fate)].map(([fate, own]) => [fate, own.length] as const)
  const fates = counts
    .map(([fate, count]): [RunError['fate'], number] => [fate, count])
    .sort((a, b) => b[1] - a[1])
  return { key, code, node, place, excerpt, errors, fates }
}

function gravity(group: ErrorGroup): number {
  return Math.min(...group.fates.map(([fate]) => GRAVITY.indexOf(fate)))
}

export const isGrave = (group: ErrorGroup) => gravity(group) <= GRAVITY.indexOf('dropped')
