// One call of every type through the unmodified SDK. Prints the message ids it was given, as JSON.
//   node send.mjs HOST PATH WRITE_KEY USER
import { randomUUID } from 'node:crypto'
import { Analytics } from '@segment/analytics-node'

const [host, path, writeKey, user] = process.argv.slice(2)
const analytics = new Analytics({ host, path, writeKey, flushAt: 5 })
analytics.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})

const sent = []
function call(type, fields) {
  const messageId = randomUUID()
  sent.push(messageId)
  analytics[type]({ messageId, ...fields })
}

call('identify', { userId: user, traits: { email: 'ann@example.com', plan: 'free' } })
call('track', { userId: user, event: 'Product Viewed', properties: { price: 19.5, tags: ['a', 'é'] } })
call('page', { userId: user, category: 'Shop', name: 'Home' })
call('screen', { userId: user, name: 'Home' })
call('group', { userId: user, groupId: 'acme', traits: { seats: 3 } })
call('alias', { userId: user, previousId: `${user}-before` })
call('track', { anonymousId: `${user}-visitor`, event: 'Product Viewed' })
for (let n = 0; n < 20; n++) call('track', { userId: user, event: 'Product Viewed', properties: { n } })

await analytics.closeAndFlush({ timeout: 60_000 })
console.log(JSON.stringify(sent))
