import { QueryClientProvider, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { ApiFailure } from './api/client'
import { LiveEvents } from './api/live'
import { makeQueryClient, useSession } from './api/queries'
import { Failure } from './parts/failure'
import { setServerTime } from './parts/now'
import { Routes } from './routes'
import { Notices, useSay } from './shell/notices'
import { Shell } from './shell/shell'
import { TokenForm } from './shell/token-form'

export function App() {
  const [client] = useState(makeQueryClient)
  return (
    <QueryClientProvider client={client}>
      <Notices>
        <Entrance />
      </Notices>
    </QueryClientProvider>
  )
}

/** Nothing is shown before the server has said who this is. */
function Entrance() {
  const session = useSession()
  const client = useQueryClient()
  const say = useSay()
  const onNotice = useCallback((text: string) => say(text, 'warn'), [say])
  useEffect(() => {
    if (session.data) setServerTime(session.data.now)
  }, [session.data])
  if (session.error instanceof ApiFailure && session.error.status === 401) return <TokenForm />
  if (session.error && !session.data) {
    return (
      <main>
        <Failure error={session.error} retry={() => client.resetQueries()} />
      </main>
    )
  }
  if (!session.data) return null
  return (
    <LiveEvents onNotice={onNotice}>
      <Shell>
        <Routes />
      </Shell>
    </LiveEvents>
  )
}
