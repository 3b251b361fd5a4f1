import { fromRFC3339 } from '@shared/lib/format'
import { Notice, When } from '@shared/ui/feedback'
import { PageHead, Section } from '@shared/ui/page'
import { useSession } from '../lib/session'
import { offersOf, words, type Offer } from '../lib/ways'
import { DeviceLogin } from '../ui/devicelogin'
import { Verdict } from '../ui/verdict'

/** Nobody guides a client that has no credentials to one of the three ways. */
export function Nobody() {
  const { config, status } = useSession()
  const offers = offersOf(config)
  const open = offers.filter((o) => !o.not)
  const retry = fromRFC3339(status?.retryAt)
  return (
    <>
      <PageHead title="This client">
        <p>Talks to devices on the local network, without a cloud in between.</p>
      </PageHead>
      <Verdict tone="warning" text="This client is nobody yet: devices do not let it in.">
        <p class="muted">It needs a credential that devices accept. There are three ways to one.</p>
      </Verdict>
      <DeviceLogin />
      {status?.problem && (
        <Section title="The client tried by itself, and it did not work" id="problem">
          <Notice tone="warning">
            <p>{status.problem}</p>
            {retry && (
              <p>
                It tries again: <When at={retry} />
              </p>
            )}
          </Notice>
        </Section>
      )}
      <ul class="ways">
        {[...open, ...offers.filter((o) => o.not)].map((offer) => (
          <WayCard key={offer.way} offer={offer} first={offer === open[0]} />
        ))}
      </ul>
    </>
  )
}

function WayCard({ offer: { way, not }, first }: { offer: Offer; first: boolean }) {
  const { title, suits, means, lost } = words[way]
  return (
    <li class={not ? 'way closed' : 'way'} data-way={way}>
      <h2>{title}</h2>
      <dl>
        <dt>For</dt>
        <dd>{suits}</dd>
        <dt>Then</dt>
        <dd>{means}</dd>
        <dt>If it is lost</dt>
        <dd>{lost}</dd>
      </dl>
      {not ? (
        <p class="hint wrap">{not}</p>
      ) : (
        <p>
          <a class={first ? 'button primary' : 'button'} href={`/join/${way}`}>
            Begin<span class="hidden"> {title.toLowerCase()}</span>
          </a>
        </p>
      )}
    </li>
  )
}
