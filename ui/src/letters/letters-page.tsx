import { useTitle } from '../parts/title'

export default function LettersPage() {
  useTitle('Dead letters')
  return <h1>Dead letters</h1>
}
