/** What is read from the server: one key and one hook for each resource. Live events keep them fresh. */
import {
  keepPreviousData,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { ApiFailure, get, path, withQuery } from './client'
import { laterLive } from './later'
import { useToken } from './token'
import type {
  DeadLetter,
  DeadLetterDetail,
  FlowDetail,
  FlowSummary,
  Live,
  NodeDetail,
  RunDetail,
  RunSummary,
  Session,
} from './types'

export interface RunFilter {
  flow?: string | undefined
  status?: string | undefined
  trigger?: string | undefined
  before?: string | undefined
}

export interface LetterFilter {
  flow?: string | undefined
  run?: string | undefined
  node?: string | undefined
  code?: string | undefined
  text?: string | undefined
}

export interface RunPage {
  runs: RunSummary[]
  next: string | null
}

export interface LetterPage {
  letters: DeadLetter[]
  next: string | null
  total: number
}

/** Events tell what a run does; what it has done in all is read now and then. */
const RUNNING_MS = 5000
const LIST_MS = 15_000

export const RUNS_A_PAGE = 50
export const LETTERS_A_PAGE = 100
const SAMPLES_MS = 5000

const isRunning = (run: RunSummary) => run.status === 'running'

export const keys = {
  session: ['session'] as const,
  flows: ['flows'] as const,
  flow: (name: string) => ['flow', name] as const,
  live: (flow: string) => ['live', flow] as const,
  node: (flow: string, node: string) => ['flow', flow, 'node', node] as const,
  runs: ['runs'] as const,
  run: (id: string) => ['run', id] as const,
  letters: ['letters'] as const,
  letter: (run: string, task: string) => ['letter', run, task] as const,
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (count, error) =>
          count < 2 && (!(error instanceof ApiFailure) || error.status === 0 || error.status >= 500),
      },
    },
  })
}

export const flowsQuery = queryOptions({
  queryKey: keys.flows,
  queryFn: async ({ signal }) => (await get<{ flows: FlowSummary[] }>('/flows', signal)).flows,
})

/** Another token is another session. */
export const useSession = () => {
  const token = useToken()
  return useQuery({
    queryKey: [...keys.session, token],
    queryFn: ({ signal }) => get<Session>('/session', signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Whether this session may act; false until that is known. */
export const useMayAct = () => useSession().data?.access === 'full'

export const useFlows = () => useQuery(flowsQuery)

export const flowQuery = (name: string) =>
  queryOptions({
    queryKey: keys.flow(name),
    queryFn: async ({ client, signal }) => {
      const known = client.getQueryData<Live>(keys.live(name))
      const flow = await get<FlowDetail>(path('flows', name), signal)
      const told = client.getQueryData<Live>(keys.live(name))
      return told && told !== known ? { ...flow, live: laterLive(flow.live, told) } : flow
    },
  })

export const useFlow = (name: string) => useQuery(flowQuery(name))

/** No event tells of new samples, so they are asked for as long as somebody looks. */
export const useNode = (flow: string, node: string) =>
  useQuery({
    queryKey: keys.node(flow, node),
    queryFn: ({ signal }) => get<NodeDetail>(path('flows', flow, 'nodes', node), signal),
    refetchInterval: SAMPLES_MS,
  })

export const useRuns = (filter: RunFilter) =>
  useQuery({
    queryKey: [...keys.runs, filter],
    queryFn: ({ signal }) => get<RunPage>(withQuery('/runs', { ...filter, limit: RUNS_A_PAGE }), signal),
    refetchInterval: ({ state }) => (state.data?.runs.some(isRunning) ? LIST_MS : false),
    placeholderData: keepPreviousData,
  })

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    queryFn: async ({ client, signal }) => {
      const run = await get<RunDetail>(path('runs', id), signal)
      const told = client.getQueryData<Live>(keys.live(run.flow))
      return run.live && told?.runs.includes(id) ? { ...run, live: laterLive(told, run.live) } : run
    },
  })

export const useRun = (id: string) =>
  useQuery({
    ...runQuery(id),
    refetchInterval: ({ state }) => (state.data && isRunning(state.data) ? RUNNING_MS : false),
  })

export const useLetters = (filter: LetterFilter) =>
  useInfiniteQuery({
    queryKey: [...keys.letters, filter],
    queryFn: ({ signal, pageParam }) =>
      get<LetterPage>(
        withQuery('/dead-letters', { ...filter, before: pageParam, limit: LETTERS_A_PAGE }),
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next,
    placeholderData: keepPreviousData,
  })

export const useLetter = (run: string, task: string) =>
  useQuery({
    queryKey: keys.letter(run, task),
    queryFn: ({ signal }) => get<DeadLetterDetail>(path('dead-letters', run, task), signal),
  })
