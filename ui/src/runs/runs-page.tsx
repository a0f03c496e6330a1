import { useTitle } from '../parts/title'

export default function RunsPage() {
  useTitle('Runs')
  return <h1>Runs</h1>
}
