// Without editor and HTTP; function nodes get a pool of PostgreSQL connections, as "functionGlobalContext" is for.
const { Pool } = require(`${process.env.BENCH_MODULES}/pg`);

const pool = new Pool({ connectionString: process.env.BENCH_DATABASE, max: 8 });

module.exports = {
    httpAdminRoot: false,
    httpNodeRoot: false,
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    functionGlobalContext: { pool, finish: () => process.exit(0), fail: () => process.exit(1) },
    logging: { console: { level: "warn", metrics: false, audit: false } },
};
