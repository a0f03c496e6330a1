/** A flow without its counts, which come twice a second and would draw all of the page anew; and the counts alone. */
import { useQuery } from '@tanstack/react-query'
import { flowQuery } from '../api/queries'
import type { FlowDetail, Live } from '../api/types'

export type StillFlow = Omit<FlowDetail, 'live'>

const withoutLive = ({ live: _, ...flow }: FlowDetail): StillFlow => flow
const onlyLive = ({ live }: FlowDetail): Live => live

export const useStillFlow = (name: string) => useQuery({ ...flowQuery(name), select: withoutLive })

export const useFlowLive = (name: string): Live | undefined =>
  useQuery({ ...flowQuery(name), select: onlyLive }).data
