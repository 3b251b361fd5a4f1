import { useState } from 'preact/hooks'
import { useAction, useLoad } from '@shared/lib/hooks'
import { plural } from '@shared/lib/format'
import { Badge, Loading, Notice } from '@shared/ui/feedback'
import { TextField } from '@shared/ui/field'
import { PageHead } from '@shared/ui/page'
import { Table, type Column } from '@shared/ui/table'
import type { Device } from '../api/types'
import { addressesOf, nameOf, silentAfter, sorted, stateOf } from '../lib/found'
import { useSession } from '../lib/session'
import { DeviceFailure } from '../ui/advice'

/** Devices finds devices, and lists those that were found. */
export function Devices() {
  const { api, config, silent } = useSession()
  const { data, error, reload } = useLoad((signal) => api.known(signal), [])
  const [addresses, setAddresses] = useState('')
  const [said, setSaid] = useState('')
  const search = useAction()
  const look = (at: string[]): Promise<void> =>
    search.run(async () => {
      setSaid('')
      const found = await api.discover(at)
      silent.ids = silentAfter(silent.ids, data ?? [], found, at.length === 0)
      setSaid(found.length > 0 ? `${plural(found.length, 'device')} answered.` : 'No device answered.')
      reload()
    })
  return (
    <>
      <PageHead title="Devices" />
      {!config.isInitialized && (
        <Notice tone="warning" title="This client is nobody yet">
          <p>
            It can find devices, but none lets it in. <a href="/">Make it a member</a> first.
          </p>
        </Notice>
      )}
      <Search busy={search.busy} addresses={addresses} setAddresses={setAddresses} look={(at) => void look(at)} />
      <p role="status" class="searched">
        {search.busy ? 'Listening for answers…' : said}
      </p>
      <DeviceFailure error={search.error} title="The search did not work" />
      {!data ? (
        <Loading error={error} retry={reload} what="The devices" />
      ) : data.length === 0 ? (
        <p class="empty">{said ? notFound : 'Nobody has looked for devices yet.'}</p>
      ) : (
        <List devices={sorted(data)} silent={silent.ids} />
      )}
    </>
  )
}

const notFound =
  'Nothing has answered. Are devices switched on, and in the same network? Multicast does not cross routers, and some Wi-Fi does not let it through: look at a device’s address instead.'

function Search({
  busy,
  addresses,
  setAddresses,
  look,
}: {
  busy: boolean
  addresses: string
  setAddresses: (text: string) => void
  look: (at: string[]) => void
}) {
  const at = addressesOf(addresses)
  const submit = (event: Event): void => {
    event.preventDefault()
    look(at)
  }
  return (
    <form class="search" onSubmit={submit} aria-label="Look for devices">
      <TextField
        label="Address"
        hint="Only for devices that the search of the network does not find: 192.168.1.20, or with a port 192.168.1.20:40001."
        value={addresses}
        onInput={setAddresses}
        mono
      />
      <button type="submit" class="button primary" disabled={busy}>
        {at.length > 0 ? 'Look at this address' : 'Look for devices'}
      </button>
    </form>
  )
}

function List({ devices, silent }: { devices: Device[]; silent: ReadonlySet<string> }) {
  const columns: Column<Device>[] = [
    {
      head: 'Device',
      kind: 'main',
      cell: (d) => (
        <a class="device-link" href={`/devices/${encodeURIComponent(d.id)}`}>
          <span>{nameOf(d)}</span>
          {d.name && <span class="muted mono">{d.id}</span>}
        </a>
      ),
    },
    { head: 'State', cell: (d) => <StateBadge device={d} silent={silent.has(d.id)} /> },
    { head: 'Kind', cell: (d) => d.types.join(', ') || <span class="muted">–</span> },
    { head: 'Address', cell: (d) => <span class="mono">{hostOf(d.endpoints)}</span> },
  ]
  return <Table caption="Devices that were found" columns={columns} rows={devices} id={(d) => d.id} />
}

/** hostOf gives where a device answers first. */
const hostOf = (endpoints: string[]): string => endpoints[0]?.replace(/^[a-z+]+:\/\//, '') ?? ''

/** StateBadge says whose a device is. */
export function StateBadge({ device, silent }: { device: Device; silent: boolean }) {
  const { tone, word, means } = stateOf(device, silent)
  return (
    <span title={means}>
      <Badge tone={tone}>{word}</Badge>
    </span>
  )
}
