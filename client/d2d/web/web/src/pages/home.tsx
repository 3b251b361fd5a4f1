import { useSession } from '../lib/session'
import { nameOf } from '../lib/ways'
import { Member } from './member'
import { Nobody } from './nobody'

/** Home says who the client is; where it is nobody, how it becomes somebody. */
export function Home() {
  const { status } = useSession()
  const way = nameOf(status?.way ?? '')
  return status && way ? <Member status={status} way={way} /> : <Nobody />
}
