import { Link, useSearchParams } from 'wouter'
import { type RunFilter, useFlows, useRuns } from '../api/queries'
import type { RunStatus } from '../api/types'
import { Button } from '../parts/button'
import { Failure } from '../parts/failure'
import { Empty, Panel } from '../parts/panel'
import { Select } from '../parts/select'
import { useTitle } from '../parts/title'
import { RunTable } from './run-table'
import './runs.css'

const STATUSES: RunStatus[] = ['running', 'succeeded', 'failed', 'cancelled']
const FILTERS = ['flow', 'status', 'trigger', 'before'] as const

/** The filter is in the address, so that a list can be linked to and Back goes back. */
function useFilter(): [RunFilter, (change: RunFilter) => void] {
  const [params, setParams] = useSearchParams()
  const filter = Object.fromEntries(
    FILTERS.flatMap(name => (params.get(name) ? [[name, params.get(name)]] : [])),
  )
  const change = (change: RunFilter) =>
    setParams(old => {
      const next = new URLSearchParams(old)
      for (const [name, value] of Object.entries({ before: undefined, ...change })) {
        if (value) next.set(name, value)
        else next.delete(name)
      }
      return next
    })
  return [filter, change]
}

export default function RunsPage() {
  useTitle('Runs')
  const [filter, change] = useFilter()
  const runs = useRuns(filter)
  const isFiltered = Boolean(filter.flow || filter.status || filter.trigger)
  return (
    <div className="runs">
      <header className="runs-head">
        <h1>Runs</h1>
        <Filters filter={filter} change={change} />
      </header>
      {runs.error && !runs.data && <Failure error={runs.error} retry={runs.refetch} />}
      {runs.data && (
        <Panel
          title={filter.before ? 'Earlier runs' : 'The latest runs'}
          aside={<Paging {...{ filter, change }} next={runs.data.next} />}
        >
          <div aria-busy={runs.isPlaceholderData} className={runs.isPlaceholderData ? 'runs-old' : ''}>
            {runs.data.runs.length > 0 ? (
              <RunTable runs={runs.data.runs} />
            ) : (
              <NoRun isFiltered={isFiltered} />
            )}
          </div>
          {runs.data.runs.length > 20 && (
            <footer className="runs-foot">
              <Paging {...{ filter, change }} next={runs.data.next} />
            </footer>
          )}
        </Panel>
      )}
    </div>
  )
}

interface FilterProps {
  filter: RunFilter
  change: (change: RunFilter) => void
}

function Filters({ filter, change }: FilterProps) {
  const flows = useFlows().data ?? []
  const names = flows.map(flow => flow.name)
  const triggers = flows.find(flow => flow.name === filter.flow)?.triggers.map(trigger => trigger.node) ?? []
  return (
    <search className="runs-filters" aria-label="Filter runs">
      <Select
        label="Flow"
        value={filter.flow}
        options={names}
        onChange={flow => change({ flow, trigger: undefined })}
      />
      {triggers.length > 1 && (
        <Select
          label="Trigger"
          value={filter.trigger}
          options={triggers}
          onChange={trigger => change({ trigger })}
        />
      )}
      <Select
        label="Status"
        value={filter.status}
        options={STATUSES}
        onChange={status => change({ status })}
      />
      {(filter.flow || filter.status) && (
        <Button
          kind="quiet"
          onClick={() => change({ flow: undefined, status: undefined, trigger: undefined })}
        >
          Clear
        </Button>
      )}
    </search>
  )
}

function Paging({ filter, change, next }: FilterProps & { next: string | null }) {
  return (
    <div className="runs-paging">
      {filter.before && <Button onClick={() => change({})}>Newest</Button>}
      <Button disabled={next === null} onClick={() => change({ before: next ?? undefined })}>
        Older
      </Button>
    </div>
  )
}

function NoRun({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No run is like that">
      <p>Take a filter away to see more.</p>
    </Empty>
  ) : (
    <Empty title="No run yet">
      <p>
        A run begins when a trigger fires: at its time, by a request, or by hand on the page of a flow. The{' '}
        <Link href="/">overview</Link> says what fires next.
      </p>
    </Empty>
  )
}
