import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { post } from '../../api/client'
import type { Evaluation, Json } from '../../api/types'

const PAUSE_MS = 250

/** A value, once it has not changed for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

/** Another text or message is another query: what was asked before is cancelled, and its answer dropped. */
export const evaluationQuery = (flow: string, text: string, data: Json, dataKey: string) =>
  queryOptions({
    queryKey: ['evaluate', flow, text, dataKey],
    queryFn: ({ signal }) => post<Evaluation>('/evaluate', { text, data, flow }, signal),
    enabled: text !== '',
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

/** What an expression makes of a message. Until the next answer is there, the one before is shown as old. */
export function useEvaluation(flow: string, text: string, data: Json, dataKey: string) {
  const settled = useSettled(text.trim())
  const asked = useQuery(evaluationQuery(flow, settled, data, dataKey))
  const isNothing = text.trim() === '' || settled === ''
  return {
    evaluation: isNothing ? undefined : asked.data,
    error: isNothing ? null : asked.error,
    isOld: asked.isPlaceholderData || settled !== text.trim(),
  }
}
