import { useTitle } from '../parts/title'

export default function RunPage({ id }: { id: string }) {
  useTitle(id)
  return <h1>{id}</h1>
}
