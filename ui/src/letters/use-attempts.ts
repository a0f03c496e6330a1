import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { Batch } from '../api/batch'
import { get, withQuery } from '../api/client'
import { useBatches } from '../api/live'
import { keys, LETTERS_A_PAGE, type LetterPage } from '../api/queries'
import type { Bulk, DeadLetter } from '../api/types'
import { type Attempts, begin, NO_ATTEMPTS, observe, settle, unsettledRuns } from './attempts'

/** All dead letters of a run, page by page. */
async function readLetters(run: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  let before: string | null = ''
  while (before !== null) {
    const page: LetterPage = await get(withQuery('/dead-letters', { run, before, limit: LETTERS_A_PAGE }))
    letters.push(...page.letters)
    before = page.next
  }
  return letters
}

/** The letters that were tried again on this page, and what became of them. */
export function useAttempts() {
  const client = useQueryClient()
  const [attempts, setAttempts] = useState<Attempts>(NO_ATTEMPTS)
  const current = useRef(attempts)
  const change = useCallback((next: Attempts) => {
    current.current = next
    setAttempts(next)
  }, [])
  const follow = useCallback(
    (batch: Batch) => {
      change(observe(current.current, batch))
      for (const run of unsettledRuns(current.current, batch)) {
        // Where it cannot be read they stay as they are: being tried, as far as is known.
        readLetters(run).then(
          letters => change(settle(current.current, run, letters)),
          () => {},
        )
      }
    },
    [change],
  )
  useBatches(follow)
  const add = useCallback(
    ({ accepted }: Pick<Bulk, 'accepted'>) => {
      change(begin(current.current, accepted))
      void client.invalidateQueries({ queryKey: keys.letters })
    },
    [change, client],
  )
  return { attempts, add, clear: useCallback(() => change(NO_ATTEMPTS), [change]) }
}
