import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adviseOn, comesAgain } from '../src/lib/advice'
import { rules } from '../src/lib/advicetable'

const id = 'd03a1bb4-0a77-428c-b78c-1c46efe6a38e'

/** What the service writes into records, and a word that the advice on it must have. */
const messages: [string, RegExp][] = [
  [`device id ${id} belongs to another manufacturer key: an operator can release it`, /release the device id/],
  [
    'the enrollment group does not let the device come again: it went through every step on 2026-01-01T00:00:00Z; an operator can delete its record',
    /delete this record/,
  ],
  ['no longer admitted: group_disabled', /Enable the enrollment group/],
  ['no longer admitted: denied', /allow and deny lists/],
  ['no longer admitted: revoked', /out of service/],
  ['no longer admitted: crl_unusable', /revocation list/],
  ['no longer admitted: expired_leaf', /validity period/],
  ['no longer admitted: unknown_issuer', /changed or deleted/],
  [`enrollment group ${id} does not exist, or belongs to another owner now`, /choose a hub/],
  ['the enrollment group has no hub with a gateway: add one to the group', /choose a hub/],
  ['preSharedKey of the enrollment group: has 3 bytes, devices want exactly 16', /16 characters/],
  ['answer has 9000 bytes, the device takes 8192: configure fewer hubs, gateways or authorities', /fewer hubs/],
  [`hub ${id} has no gateway`, /fill in hub id/],
  [`hub ${id} does not exist, or belongs to another owner`, /fill in hub id/],
  ['hub id "x" is not a UUID', /fill in hub id/],
  ['the certificate authority calls the certificate signing request invalid', /own log/],
  [
    'the certificate authority does not accept the access token: check that it trusts authorization.provider.authority and knows ownerClaim',
    /same OAuth server/,
  ],
  [
    'the certificate authority hangs up: it is restarting, or does not accept the client certificate in certificateAuthority.grpc.tls',
    /do not trust each other/,
  ],
  ['the certificate authority cannot be reached', /address is right/],
  ['certificate authority: not called, it has failed too often; last: x', /address is right/],
  ['the OAuth server refuses to give a token (HTTP status 401, "invalid_client"): check clientID, clientSecret', /client secret/],
  ['authorization.provider.clientSecret: the secret cannot be read', /enter the client secret again/],
  ["the OAuth server's certificate is not trusted: check authorization.provider.http.tls.caPool", /add the authority/],
  ['the OAuth server cannot be reached', /OAuth server runs/],
  ['the OAuth server gave an empty access token', /No access token/],
  ['csr: its key is not on the curve P-256', /P-256/],
  ['body is not a credentials request', /protocol/],
  ['di is not a UUID', /protocol/],
  ['more than 1000 steps wait (taskQueue.size)', /taskQueue/],
]

test('every message of the service has its advice', () => {
  for (const [message, word] of messages) {
    const advice = adviseOn({ code: '5.03', message })
    assert.match([advice.meaning, ...advice.todo].join(' '), word, message)
  }
})

test('every rule is reached by some message', () => {
  for (const rule of rules) {
    assert.ok(
      messages.some(([message]) => rules.find((r) => r.when.test(message)) === rule),
      `no message is answered by ${rule.when}`,
    )
  }
})

test('what nobody foresaw is judged by its code', () => {
  assert.equal(adviseOn({ code: '4.00', message: 'new' }).where, 'device')
  assert.equal(adviseOn({ code: '5.03', message: '' }).where, 'service')
  assert.equal(adviseOn({ code: '', message: '' }).where, 'service')
  assert.deepEqual(['4.03', '5.03', ''].map(comesAgain), [false, true, false])
})
