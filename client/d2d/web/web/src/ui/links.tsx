import { Table, type Column } from '@shared/ui/table'
import type { Link } from '../api/types'

/** Links lists what a device has. */
export function Links({ id, links }: { id: string; links: Link[] }) {
  const columns: Column<Link>[] = [
    {
      head: 'Resource',
      kind: 'main',
      cell: (l) => <a href={`/devices/${encodeURIComponent(id)}/resource?href=${encodeURIComponent(l.href)}`}>{l.href}</a>,
    },
    { head: 'Kind', cell: (l) => l.types.join(', ') || <span class="muted">–</span> },
    { head: 'Interfaces', cell: (l) => l.interfaces.join(', ') || <span class="muted">–</span> },
    { head: 'Tells changes', cell: (l) => (l.observable ? 'yes' : 'no') },
  ]
  const sorted = [...links].sort((a, b) => rank(a) - rank(b) || a.href.localeCompare(b.href))
  return <Table caption="Resources of the device" columns={columns} rows={sorted} id={(l) => l.href} />
}

/** rank puts what a device is for before what every device has. */
const rank = ({ href }: Link): number => (href.startsWith('/oic/sec/') ? 2 : /^\/(oic|oc|x\.|CoapCloud|well-known)/.test(href) ? 1 : 0)
