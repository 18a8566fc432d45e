// StatsD for our metrics: counters as they are (stats.counters.picklefleet.….count is what ten seconds counted),
// and nothing at all for a counter that was silent, so that a silent machine costs no writes and looks silent.
{
  graphiteHost: '127.0.0.1',
  graphitePort: 2003,
  flushInterval: 10000,
  servers: [{server: './servers/udp', address: '0.0.0.0', port: 8125}],
  mgmt_address: '127.0.0.1',
  mgmt_port: 8126,
  backends: ['./backends/graphite'],
  graphite: {legacyNamespace: false},
  deleteCounters: true,
  deleteGauges: false
}
