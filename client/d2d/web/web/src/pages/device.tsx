import { useState } from 'preact/hooks'
import { useLoad } from '@shared/lib/hooks'
import { navigate } from '@shared/lib/router'
import { Loading, Notice } from '@shared/ui/feedback'
import { Confirm } from '@shared/ui/dialog'
import { Facts, PageHead, Section } from '@shared/ui/page'
import type { Details, Device as Found } from '../api/types'
import { nameOf, stateOf } from '../lib/found'
import { useSession } from '../lib/session'
import { DeviceFailure } from '../ui/advice'
import { Links } from '../ui/links'
import { StateBadge } from './devices'

/** Told is what is known of a device: what it said when it was found, and, where it lets the client in, what it says of itself. */
interface Told {
  found: Found | undefined
  details: Details | undefined
  /** Why it does not let the client in. */
  error: unknown
}

/** Device shows one: whose it is, what it has, and what can be done with it. */
export function Device({ id }: { id: string }) {
  const { api, silent } = useSession()
  const [asking, setAsking] = useState<'' | 'own' | 'disown'>('')
  const { data, error, reload } = useLoad(
    async (signal): Promise<Told> => {
      const found = (await api.known(signal)).find((d) => d.id === id)
      if (found?.ownership === 'unowned') return { found, details: undefined, error: undefined } // it has no session with anybody
      try {
        return { found, details: await api.device(id, signal), error: undefined }
      } catch (e) {
        if (signal.aborted) throw e
        return { found, details: undefined, error: e }
      }
    },
    [id],
  )
  const device = data?.details ?? data?.found
  const owner = device?.ownership
  return (
    <>
      <PageHead
        title={device ? nameOf(device) : 'Device'}
        over={<a href="/devices">Devices</a>}
        actions={
          device && (
            <>
              <StateBadge device={device} silent={!data?.details && silent.ids.has(id)} />
              {owner === 'owned' && (
                <button type="button" class="button danger" onClick={() => setAsking('disown')}>
                  Give up…
                </button>
              )}
            </>
          )
        }
      />
      {!data ? (
        <Loading error={error} retry={reload} what="The device" />
      ) : (
        <>
          <DeviceFailure error={data.error} title="The device cannot be used" />
          {device && <About device={device} details={data.details} />}
          {owner === 'unowned' && device && <Ownable device={device} own={() => setAsking('own')} />}
          {data.details && (
            <Section title="Resources" id="resources">
              <Links id={id} links={data.details.resources} />
            </Section>
          )}
          {data.error !== undefined && (
            <p class="next">
              <button type="button" class="button" onClick={reload}>
                Try again
              </button>
            </p>
          )}
        </>
      )}
      {device && asking === 'own' && <Own device={device} onClose={() => setAsking('')} done={reload} />}
      {device && asking === 'disown' && <Disown device={device} onClose={() => setAsking('')} />}
    </>
  )
}

function About({ device, details }: { device: Found; details: Details | undefined }) {
  return (
    <Section title="What it is" id="about" note={stateOf(device).means}>
      <Facts
        items={[
          ['Id', <code class="wrap">{device.id}</code>],
          ['Owner', device.ownerId && <code class="wrap">{device.ownerId}</code>],
          ['Kind', device.types.join(', ')],
          ['Manufacturer', details?.manufacturer],
          ['Specification', details?.specification],
          ['Data models', details?.dataModels],
          ['Permanent id', details?.permanentId && <code class="wrap">{details.permanentId}</code>],
          ['Platform', details?.platformId && <code class="wrap">{details.platformId}</code>],
          [
            'Addresses',
            device.endpoints.length > 0 && (
              <ul class="plain-list mono">
                {device.endpoints.map((e) => (
                  <li key={e}>{e}</li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </Section>
  )
}

/** Ownable tells how a device that is nobody's becomes ours, or why not by this client. */
function Ownable({ device, own }: { device: Found; own: () => void }) {
  const { status } = useSession()
  const not = !device.canOwn
    ? 'It does not offer ownership by manufacturer certificate, the one method that this client trusts: anybody in between could take it by the others.'
    : status?.way === 'preSharedKey'
      ? ''
      : status?.way
        ? 'A client with an identity certificate does not own devices: those of its domain are provisioned by the service. A client with a pre-shared key can own this one.'
        : 'The client is nobody yet. Give it a pre-shared key, and it can own this device.'
  return (
    <Section title="It is nobody’s" id="own">
      {not ? (
        <Notice tone="plain">
          <p>{not}</p>
        </Notice>
      ) : (
        <>
          <p>
            This client can become its owner: the device proves with its manufacturer’s certificate who made it, and is given this client’s
            key.
          </p>
          <p class="next">
            <button type="button" class="button primary" onClick={own}>
              Own it…
            </button>
          </p>
        </>
      )}
    </Section>
  )
}

function Own({ device, onClose, done }: { device: Found; onClose: () => void; done: () => void }) {
  const { api, say } = useSession()
  const own = async (): Promise<void> => {
    await api.own(device.id)
    onClose()
    say(`${nameOf(device)} is ours now.`)
    done()
  }
  return (
    <Confirm title={`Own ${nameOf(device)}?`} verb="Own the device" onClose={onClose} action={own}>
      <p>It will let in this client alone, by its key. To let others in, it has to be given up or reset.</p>
    </Confirm>
  )
}

function Disown({ device, onClose }: { device: Found; onClose: () => void }) {
  const { api, say } = useSession()
  const disown = async (): Promise<void> => {
    await api.disown(device.id)
    onClose()
    say(`${nameOf(device)} is nobody’s now, and has another id.`)
    navigate('/devices')
  }
  return (
    <Confirm title={`Give up ${nameOf(device)}?`} verb="Give the device up" onClose={onClose} action={disown}>
      <p>
        The device forgets its owner and everything it was provisioned with, and comes back under another id. <strong>Anybody</strong> in
        this network can then own it.
      </p>
    </Confirm>
  )
}
