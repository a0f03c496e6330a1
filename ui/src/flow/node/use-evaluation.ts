import { keepPreviousData, useQuery } from '@tanstack/react-query'
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

/**
 * What an expression makes of a message. An answer that is no longer asked for is dropped, its request
 * cancelled; until the next is there, the one before is shown as old.
 */
export function useEvaluation(flow: string, text: string, data: Json, dataKey: string) {
  const settled = useSettled(text.trim())
  const {
    data: evaluation,
    error,
    isPlaceholderData,
  } = useQuery({
    queryKey: ['evaluate', flow, settled, dataKey],
    queryFn: ({ signal }) => post<Evaluation>('/evaluate', { text: settled, data, flow }, signal),
    enabled: settled !== '',
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
  const isNothing = text.trim() === '' || settled === ''
  return {
    evaluation: isNothing ? undefined : evaluation,
    error: isNothing ? null : error,
    isOld: isPlaceholderData || settled !== text.trim(),
  }
}
