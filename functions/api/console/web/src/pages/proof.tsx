import { useState } from 'preact/hooks'
import type { Group } from '../api/types'
import { useAction } from '@shared/lib/hooks'
import { asPEM, isPrivateKey } from '@shared/lib/pem'
import { useSession } from '../lib/session'
import { Confirm } from '@shared/ui/dialog'
import { Failure, Notice } from '@shared/ui/feedback'
import { AreaField } from '@shared/ui/field'
import { Copy, FileDrop } from '@shared/ui/files'
import { Section } from '@shared/ui/page'

/** commands make a certificate that only the holder of the lead certificate's key can make. The challenge is text of the server's. */
const commands = (challenge: string): string =>
  [
    'openssl ecparam -name prime256v1 -genkey -noout -out proof.key',
    `openssl req -new -key proof.key -subj "/CN=${challenge.replace(/[^\w.-]/g, '')}" -out proof.csr`,
    'openssl x509 -req -in proof.csr -CA lead.crt -CAkey lead.key -CAcreateserial -days 2 -sha256 -out proof.crt',
  ].join('\n')

/** Proof says why a group is pending, and how to end that. */
export function Proof({ group, done }: { group: Group; done: () => void }) {
  const { api, canWrite, isAdmin, say } = useSession()
  const [certificate, setCertificate] = useState('')
  const [vouching, setVouching] = useState(false)
  const { busy, error, run } = useAction()
  const challenge = group.challenge ?? ''
  const send = (): Promise<void> =>
    run(async () => {
      await api.proveGroup(group.id, certificate)
      say('Proven: devices of this group get in.')
      done()
    })
  return (
    <Section title="Prove the lead certificate" id="proof">
      <Notice tone="warning" title="Devices of this group are refused until then">
        <p>
          Anybody can upload a certificate that is public. Show that its key is yours: have the lead certificate sign a certificate whose
          common name is this challenge.
        </p>
      </Notice>
      <div class="challenge">
        <code class="wrap" data-testid="challenge">
          {challenge}
        </code>
        <Copy text={challenge} what="the challenge" say={say} />
      </div>
      <p>
        With OpenSSL, where the lead certificate and its key are <code>lead.crt</code> and <code>lead.key</code>:
      </p>
      <div class="commands">
        <pre tabIndex={0} role="region" aria-label="Commands">
          <code>{commands(challenge)}</code>
        </pre>
        <Copy text={commands(challenge)} what="the commands" say={say} />
      </div>
      {canWrite && (
        <form
          onSubmit={(e) => {
            e.preventDefault()
            void send()
          }}
        >
          <FileDrop label="Choose proof.crt" accept=".crt,.cer,.pem,.der" onFiles={([first]) => first && setCertificate(asPEM(first))} />
          <AreaField
            label="Or paste it"
            value={certificate}
            onInput={setCertificate}
            placeholder="-----BEGIN CERTIFICATE-----"
            error={isPrivateKey(certificate) ? 'This is a private key. Keep it, and paste the certificate.' : undefined}
          />
          <Failure error={error} title="This certificate proves nothing" />
          <div class="form-actions">
            <button type="submit" class="button primary" disabled={busy || !certificate.trim() || isPrivateKey(certificate)}>
              Send the proof
            </button>
            {isAdmin && (
              <button type="button" class="button" onClick={() => setVouching(true)}>
                Vouch for it instead…
              </button>
            )}
          </div>
        </form>
      )}
      {vouching && (
        <Confirm
          title="Vouch for this group?"
          verb="I vouch for it"
          onClose={() => setVouching(false)}
          action={async () => {
            await api.vouchForGroup(group.id)
            say('Vouched for: devices of this group get in.')
            done()
          }}
        >
          <p>
            You say as an administrator that the lead certificate of <strong class="wrap">{group.name || group.id}</strong> belongs to{' '}
            {group.owner}. Its devices get in at once.
          </p>
        </Confirm>
      )}
    </Section>
  )
}
