// Foreign tables through the PostgreSQL JDBC driver; see test/perl/ClientProgram.pm for what is printed.
import java.math.BigDecimal;
import java.sql.*;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.*;
import java.util.concurrent.*;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.util.PGobject;

public class JdbcClient {
  interface Check {
    void run() throws Exception;
  }

  static void check(String name, Check check) {
    try {
      check.run();
      System.out.println("ok " + name);
    } catch (Throwable problem) {
      System.out.println("not ok " + name + ": " + problem.toString().replace('\n', ' '));
    }
  }

  static void same(Object is, Object expected) {
    if (!Objects.deepEquals(is, expected)) throw new AssertionError("is " + is + ", expected " + expected);
  }

  static void fails(String state, Check check) throws Exception {
    try {
      check.run();
    } catch (SQLException problem) {
      if (state.equals(problem.getSQLState())) return;
      throw problem;
    }
    throw new AssertionError("did not fail with " + state);
  }

  static Connection connect(String options) throws SQLException {
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
    Connection connection = DriverManager.getConnection(url + "?" + options, System.getenv("PGUSER"), System.getenv("PGPASSWORD"));
    connection.createStatement().execute("SET client_min_messages = warning");
    return connection;
  }

  static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : "no row";
    }
  }

  // Prepared by the server from the first execution on, and with a generic plan from the sixth.
  static void preparedStatements() throws SQLException {
    try (Connection connection = connect("prepareThreshold=1");
         PreparedStatement one = connection.prepareStatement("SELECT number, price FROM events WHERE id = ? AND skey = ?");
         PreparedStatement range = connection.prepareStatement("SELECT count(*) FROM events WHERE id = ? AND skey BETWEEN ? AND ?");
         PreparedStatement list = connection.prepareStatement("SELECT count(*) FROM events WHERE id = ANY (?) AND skey = 'event-001'")) {
      for (int i = 0; i < 12; i++) {
        one.setString(1, String.format("device-%02d", i));
        one.setString(2, "event-003");
        try (ResultSet rows = one.executeQuery()) {
          same(rows.next(), true);
          same(rows.getInt(1), 20 * i + 3);
          same(rows.next(), false);
        }
        range.setString(1, String.format("device-%02d", i));
        range.setString(2, "event-000");
        range.setString(3, String.format("event-%03d", i));
        try (ResultSet rows = range.executeQuery()) {
          rows.next();
          same(rows.getInt(1), i + 1);
        }
        list.setArray(1, connection.createArrayOf("text", new String[] {"device-01", "device-02", String.format("device-%02d", i + 3)}));
        try (ResultSet rows = list.executeQuery()) {
          rows.next();
          same(rows.getInt(1), 3);
        }
      }
      same(one.unwrap(PGStatement.class).isUseServerPrepare(), true);
      same(value(connection, "SELECT max(generic_plans) > 0 FROM pg_prepared_statements WHERE statement LIKE '%price%'"), "t");
    }
  }

  static void cursors() throws SQLException {
    try (Connection connection = connect("")) {
      connection.setAutoCommit(false);
      try (PreparedStatement statement = connection.prepareStatement("SELECT id, skey, number FROM events")) {
        statement.setFetchSize(150);
        Set<String> keys = new HashSet<>();
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) keys.add(rows.getString(1) + "/" + rows.getString(2));
        }
        same(keys.size(), 2004);
        try (ResultSet rows = statement.executeQuery()) {
          for (int i = 0; i < 10; i++) rows.next();
        }
      }
      connection.commit();
    }
  }

  static void batches(String options, String prefix) throws SQLException {
    try (Connection connection = connect(options)) {
      connection.setAutoCommit(false);
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO written (id, amount) VALUES (?, ?)")) {
        for (int i = 0; i < 250; i++) {
          insert.setString(1, prefix + i);
          insert.setBigDecimal(2, BigDecimal.valueOf(i));
          insert.addBatch();
        }
        same(insert.executeBatch().length, 250);
      }
      String count = "SELECT count(*) FROM written WHERE id LIKE '" + prefix + "%'";
      same(value(connection, count), "250");
      connection.commit();
      same(value(connection, count), "250");
      try (PreparedStatement update = connection.prepareStatement("UPDATE written SET amount = amount + 1 WHERE id = ?")) {
        for (int i = 0; i < 9; i++) {
          update.setString(1, prefix + i);
          update.addBatch();
        }
        same(update.executeBatch(), new int[] {1, 1, 1, 1, 1, 1, 1, 1, 1});
      }
      connection.commit();
      same(value(connection, "SELECT amount FROM written WHERE id = '" + prefix + "8'"), "9");
      same(connection.createStatement().executeUpdate("DELETE FROM written WHERE id LIKE '" + prefix + "%'"), 250);
      connection.commit();
    }
  }

  static void metaData(Connection connection) throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    List<String> names = new ArrayList<>();
    try (ResultSet rows = data.getTables(null, "public", "%", new String[] {"FOREIGN TABLE"})) {
      while (rows.next()) names.add(rows.getString("TABLE_NAME") + ":" + rows.getString("TABLE_TYPE"));
    }
    same(names, List.of("events:FOREIGN TABLE", "slow:FOREIGN TABLE", "written:FOREIGN TABLE"));
    List<String> columns = new ArrayList<>();
    try (ResultSet rows = data.getColumns(null, "public", "written", "%")) {
      while (rows.next()) columns.add(rows.getString("COLUMN_NAME") + " " + rows.getString("TYPE_NAME") + " " + rows.getString("IS_NULLABLE"));
    }
    same(columns, List.of("id text NO", "amount numeric YES", "small int4 YES", "is_good bool YES", "at timestamptz YES", "data bytea YES",
                          "doc jsonb YES", "tags _text YES", "numbers _numeric YES"));
    try (ResultSet rows = data.getPrimaryKeys(null, "public", "written")) {
      same(rows.next(), false);
    }
    try (PreparedStatement statement = connection.prepareStatement("SELECT id, amount, doc FROM written WHERE id = ?")) {
      same(statement.getMetaData().getColumnTypeName(2), "numeric");
      same(statement.getParameterMetaData().getParameterTypeName(1), "text");
    }
  }

  // Each value as text and, once the driver has seen the statement often enough, in binary.
  static void types(Connection connection) throws SQLException {
    BigDecimal amount = new BigDecimal("1234567890123456789.0123456789012345678");
    OffsetDateTime at = OffsetDateTime.of(2026, 2, 28, 23, 59, 59, 123456000, ZoneOffset.UTC);
    byte[] data = {0, 1, -1, 39, 92};
    PGobject doc = new PGobject();
    doc.setType("jsonb");
    doc.setValue("{\"a\": [1, 2.50, null, true, \"é\\\"\"]}");
    try (PreparedStatement insert = connection.prepareStatement(
             "INSERT INTO written (id, amount, small, is_good, at, data, doc, tags, numbers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
      for (int i = 0; i < 7; i++) {
        insert.setString(1, "types" + i);
        insert.setBigDecimal(2, amount);
        insert.setInt(3, Integer.MIN_VALUE);
        insert.setBoolean(4, true);
        insert.setObject(5, at);
        insert.setBytes(6, data);
        insert.setObject(7, doc);
        insert.setArray(8, connection.createArrayOf("text", new String[] {"a,b", "\"é\"", "{}"}));
        insert.setArray(9, connection.createArrayOf("numeric", new BigDecimal[] {new BigDecimal("1.5"), amount}));
        same(insert.executeUpdate(), 1);
      }
    }
    try (PreparedStatement select = connection.prepareStatement("SELECT * FROM written WHERE id = ?")) {
      for (int i = 0; i < 7; i++) {
        select.setString(1, "types" + i);
        try (ResultSet rows = select.executeQuery()) {
          same(rows.next(), true);
          same(rows.getBigDecimal("amount"), amount);
          same(rows.getInt("small"), Integer.MIN_VALUE);
          same(rows.getBoolean("is_good"), true);
          same(rows.getObject("at", OffsetDateTime.class).toInstant(), at.toInstant());
          same(rows.getBytes("data"), data);
          same(rows.getString("doc"), "{\"a\": [1, 2.5, null, true, \"é\\\"\"]}");
          same(new TreeSet<>(Arrays.asList((String[]) rows.getArray("tags").getArray())), new TreeSet<>(List.of("a,b", "\"é\"", "{}")));
          same(Arrays.asList((BigDecimal[]) rows.getArray("numbers").getArray()), List.of(new BigDecimal("1.5"), amount));
        }
      }
    }
    try (PreparedStatement update = connection.prepareStatement("UPDATE written SET amount = ?, doc = ?, at = ? WHERE id = 'types0' RETURNING amount, doc, at")) {
      update.setNull(1, Types.NUMERIC);
      update.setNull(2, Types.OTHER);
      update.setNull(3, Types.TIMESTAMP_WITH_TIMEZONE);
      try (ResultSet rows = update.executeQuery()) {
        rows.next();
        for (int column = 1; column <= 3; column++) same(rows.getObject(column), null);
      }
    }
    try (PreparedStatement remove = connection.prepareStatement("DELETE FROM written WHERE id = ANY (?)")) {
      String[] ids = new String[7];
      for (int i = 0; i < 7; i++) ids[i] = "types" + i;
      remove.setArray(1, connection.createArrayOf("text", ids));
      same(remove.executeUpdate(), 7);
    }
  }

  static void savepoints() throws Exception {
    try (Connection connection = connect("autosave=always")) {
      connection.setAutoCommit(false);
      Statement statement = connection.createStatement();
      statement.executeUpdate("INSERT INTO written (id) VALUES ('kept')");
      Savepoint savepoint = connection.setSavepoint("s");
      statement.executeUpdate("INSERT INTO written (id) VALUES ('forgotten')");
      statement.executeUpdate("DELETE FROM written WHERE id = 'kept'");
      connection.rollback(savepoint);
      fails("23505", () -> statement.executeUpdate("INSERT INTO written (id) VALUES ('kept')"));
      connection.commit();
      same(value(connection, "SELECT string_agg(id, ',') FROM written"), "kept");
      statement.executeUpdate("DELETE FROM written");
      connection.commit();
    }
  }

  static void duplicates() throws Exception {
    try (Connection connection = connect("")) {
      Statement statement = connection.createStatement();
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO written (id, amount) VALUES (?, 7)", Statement.RETURN_GENERATED_KEYS)) {
        insert.setString(1, "once");
        insert.executeUpdate();
        try (ResultSet keys = insert.getGeneratedKeys()) {
          keys.next();
          same(keys.getString("id"), "once");
        }
      }
      fails("23505", () -> statement.executeUpdate("INSERT INTO written (id) VALUES ('once')"));
      same(statement.executeUpdate("INSERT INTO written (id) VALUES ('once') ON CONFLICT DO NOTHING"), 0);
      connection.setAutoCommit(false);
      same(statement.executeUpdate("INSERT INTO written (id) VALUES ('once'), ('twice')"), 2);
      fails("23505", connection::commit);
      same(value(connection, "SELECT string_agg(id || amount, ',') FROM written"), "once7");
      statement.executeUpdate("DELETE FROM written");
      connection.commit();
    }
  }

  static void cancelling(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
      later.schedule(() -> { statement.cancel(); return null; }, 500, TimeUnit.MILLISECONDS);
      long began = System.nanoTime();
      fails("57014", () -> statement.executeQuery("SELECT * FROM slow"));
      later.shutdown();
      statement.setQueryTimeout(1);
      fails("57014", () -> statement.executeQuery("SELECT * FROM slow"));
      same((System.nanoTime() - began) / 1_000_000_000L < 10, true);
    }
    same(value(connection, "SELECT count(*) FROM events WHERE id = 'device-01'"), "20");
  }

  static void copying(Connection connection) throws Exception {
    var copy = connection.unwrap(PGConnection.class).getCopyAPI();
    var text = new java.io.StringReader("copied1,1\ncopied2,2.5\n");
    same(copy.copyIn("COPY written (id, amount) FROM STDIN WITH (FORMAT csv)", text), 2L);
    var out = new java.io.StringWriter();
    copy.copyOut("COPY (SELECT id, amount FROM written ORDER BY id) TO STDOUT WITH (FORMAT csv)", out);
    same(out.toString(), "copied1,1\ncopied2,2.5\n");
    connection.createStatement().executeUpdate("DELETE FROM written");
  }

  static void warnings(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET client_min_messages = notice");
      statement.executeQuery("SELECT * FROM events WHERE id = 'device-01'").close();
      same(statement.getWarnings().getMessage().startsWith("DynamoDB FDW retrieved 1 pages"), true);
      statement.execute("SET client_min_messages = warning");
    }
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = connect("")) {
      check("statements prepared by the server", JdbcClient::preparedStatements);
      check("cursors by fetch size", JdbcClient::cursors);
      check("batches", () -> batches("", "batch"));
      check("batches rewritten to one INSERT", () -> batches("reWriteBatchedInserts=true", "rewritten"));
      check("batches of simple queries", () -> batches("preferQueryMode=simple", "simple"));
      check("meta data", () -> metaData(connection));
      check("types", () -> types(connection));
      check("types in binary", () -> { try (Connection binary = connect("prepareThreshold=1&binaryTransfer=true")) { types(binary); } });
      check("savepoints", JdbcClient::savepoints);
      check("duplicate keys", JdbcClient::duplicates);
      check("cancel and time-out", () -> cancelling(connection));
      check("COPY", () -> copying(connection));
      check("warnings", () -> warnings(connection));
    }
    System.out.println("done");
  }
}
