import { useTitle } from '../parts/title'

export default function FlowPage({ name }: { name: string }) {
  useTitle(name)
  return <h1>{name}</h1>
}
