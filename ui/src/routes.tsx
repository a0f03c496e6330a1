import { lazy, Suspense } from 'react'
import { Link, Route, Switch } from 'wouter'
import { Overview } from './overview/overview'
import { useTitle } from './parts/title'

// The graph and its layout are most of the code, so they come when they are needed.
const FlowPage = lazy(() => import('./flow/flow-page'))
const Runs = lazy(() => import('./runs/runs-page'))
const RunPage = lazy(() => import('./run/run-page'))
const Letters = lazy(() => import('./letters/letters-page'))

/** The router leaves what is special in a path as it was encoded. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function Routes() {
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/" component={Overview} />
        <Route path="/flows/:flow">{({ flow }) => <FlowPage key={flow} name={decode(flow)} />}</Route>
        <Route path="/runs" component={Runs} />
        <Route path="/runs/:run">{({ run }) => <RunPage key={run} id={decode(run)} />}</Route>
        <Route path="/dead-letters" component={Letters} />
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  )
}

function NotFound() {
  useTitle('Not found')
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        Go to the <Link href="/">overview</Link>.
      </p>
    </>
  )
}
