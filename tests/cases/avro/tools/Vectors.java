// SPDX-License-Identifier: Apache-2.0
// Random schemas, evolutions and data with what Apache Avro for Java makes of them, as lines for test_vectors.c.
//
//   mvn -q dependency:copy-dependencies -DoutputDirectory=/tmp/jars && java -cp '/tmp/jars/*' Vectors.java SEED COUNT DIR
//
// Files (tab-separated): same.tsv (schema, hex, JSON), resolve.tsv (writer, reader, hex, JSON or "error"),
// schemas.tsv (schema, canonical form, fingerprint), compatible.tsv (writer, reader, yes or no).

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;

public class Vectors {
  private final Random random;

  Vectors(long seed) {
    random = new Random(seed);
  }

  // A type as nested maps and lists, so that evolving it is editing a tree.
  private static final String[] PRIMITIVES = { "null", "boolean", "int", "long", "float", "double", "bytes", "string" };

  private int names;
  private List<String> open = new ArrayList<>();

  private String word(String prefix) {
    return prefix + names++;
  }

  @SafeVarargs
  private <T> T pick(T... of) {
    return of[random.nextInt(of.length)];
  }

  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2)
      map.put((String) pairs[i], pairs[i + 1]);
    return map;
  }

  private Object type(int depth) {
    int choice = random.nextInt(depth <= 0 ? 9 : 16);
    if (choice < 8)
      return PRIMITIVES[choice];
    switch (choice) {
    case 8:
      return map("type", "fixed", "name", name("F"), "size", random.nextInt(6) + 1);
    case 9:
      return enumeration();
    case 10:
      return map("type", "array", "items", type(depth - 1));
    case 11:
      return map("type", "map", "values", type(depth - 1));
    case 12:
    case 13:
      return union(depth - 1);
    default:
      return record(depth - 1);
    }
  }

  private String name(String prefix) {
    return (random.nextInt(4) == 0 ? pick("a.", "a.b.") : "") + word(prefix);
  }

  private Object enumeration() {
    List<String> symbols = new ArrayList<>();
    for (int i = random.nextInt(5) + 1; i > 0; i--)
      symbols.add("S" + symbols.size());
    Collections.shuffle(symbols, random);
    Map<String, Object> type = map("type", "enum", "name", name("E"), "symbols", symbols);
    if (random.nextInt(3) == 0)
      type.put("default", symbols.get(random.nextInt(symbols.size())));
    return type;
  }

  private Object union(int depth) {
    List<Object> branches = new ArrayList<>();
    List<String> kinds = new ArrayList<>();
    for (int i = random.nextInt(4) + 1; i > 0; i--) {
      Object branch = random.nextInt(3) == 0 ? "null" : type(depth);
      String kind = branch instanceof String ? (String) branch : branch instanceof Map ? kind((Map<?, ?>) branch) : "union";
      if (kind.equals("union") || kinds.contains(kind))
        continue;
      kinds.add(kind);
      branches.add(branch);
    }
    if (branches.isEmpty())
      branches.add("null");
    return branches;
  }

  private static String kind(Map<?, ?> type) {
    return type.containsKey("name") ? (String) type.get("name") : (String) type.get("type");
  }

  private Object record(int depth) {
    String name = name("R");
    List<Object> fields = new ArrayList<>();
    open.add(name.contains(".") ? name : name);
    for (int i = random.nextInt(5); i > 0; i--) {
      Object type = type(depth);
      if (random.nextInt(12) == 0 && name.contains("."))
        type = pick(Arrays.asList("null", name), map("type", "array", "items", name), map("type", "map", "values", name));
      fields.add(field(word("f"), type));
    }
    return map("type", "record", "name", name, "fields", fields);
  }

  private Map<String, Object> field(String name, Object type) {
    Map<String, Object> field = map("name", name, "type", type);
    if (random.nextInt(2) == 0) {
      Object value = json(type, 3);
      if (value != NONE)
        field.put("default", value);
    }
    return field;
  }

  private static final Object NONE = new Object();

  private Object json(Object type, int depth) {
    if (type instanceof List)
      return json(((List<?>) type).get(0), depth);
    if (type instanceof String) {
      switch ((String) type) {
      case "null":
        return null;
      case "boolean":
        return random.nextBoolean();
      case "int":
        return random.nextInt();
      case "long":
        return random.nextLong();
      case "float":
        return random.nextInt(1000) / 8.0;
      case "double":
        return random.nextGaussian();
      case "bytes":
        return "\u00ff\u0000" + word("b");
      case "string":
        return "\u20ac" + word("s");
      default:
        return NONE;
      }
    }
    Map<?, ?> map = (Map<?, ?>) type;
    switch ((String) map.get("type")) {
    case "fixed":
      return "\u00fe.....".substring(0, (Integer) map.get("size"));
    case "enum":
      return ((List<?>) map.get("symbols")).get(0);
    case "array":
    case "map":
      Object item = json(map.get(map.get("type").equals("array") ? "items" : "values"), depth - 1);
      boolean array = map.get("type").equals("array"), empty = item == NONE || depth <= 0 || random.nextInt(3) == 0;
      return array ? (empty ? new ArrayList<>() : Arrays.asList(item, item)) : empty ? map() : map("k", item);
    default:
      Map<String, Object> record = map();
      for (Object each : (List<?>) map.get("fields")) {
        Map<?, ?> field = (Map<?, ?>) each;
        if (field.containsKey("default") && random.nextBoolean())
          continue;
        Object value = json(field.get("type"), depth - 1);
        if (value == NONE)
          return NONE;
        record.put((String) field.get("name"), value);
      }
      return record;
    }
  }

  // One change somewhere in the tree; often one that the specification resolves.
  private Object evolve(Object type) {
    if (type instanceof String) {
      switch (random.nextInt(4) == 0 ? (String) type : "") {
      case "int":
        return pick("long", "float", "double");
      case "long":
        return pick("float", "double");
      case "float":
        return "double";
      case "string":
        return "bytes";
      case "bytes":
        return "string";
      default:
        if (random.nextInt(6) == 0)
          return type.equals("null") ? Arrays.asList("null", "string") : Arrays.asList("null", type);
        return random.nextInt(30) == 0 ? pick(PRIMITIVES) : type;
      }
    }
    if (type instanceof List) {
      List<Object> branches = new ArrayList<>();
      for (Object branch : (List<?>) type) {
        Object evolved = evolve(branch);
        if (!(evolved instanceof List) && !branches.contains(evolved))
          branches.add(evolved);
        else if (!branches.contains(branch))
          branches.add(branch);
      }
      if (random.nextInt(4) == 0)
        Collections.shuffle(branches, random);
      if (random.nextInt(5) == 0 && !branches.contains("double"))
        branches.add("double");
      if (random.nextInt(5) == 0 && branches.size() > 1)
        branches.remove(random.nextInt(branches.size()));
      return random.nextInt(8) == 0 ? branches.get(0) : branches;
    }
    Map<String, Object> map = new LinkedHashMap<>();
    ((Map<?, ?>) type).forEach((key, value) -> map.put((String) key, value));
    if (map.containsKey("name"))
      rename(map);
    switch ((String) map.get("type")) {
    case "array":
      map.put("items", evolve(map.get("items")));
      break;
    case "map":
      map.put("values", evolve(map.get("values")));
      break;
    case "fixed":
      if (random.nextInt(15) == 0)
        map.put("size", (Integer) map.get("size") + 1);
      break;
    case "enum":
      List<Object> symbols = new ArrayList<>((List<?>) map.get("symbols"));
      if (random.nextInt(3) == 0)
        Collections.shuffle(symbols, random);
      if (random.nextInt(4) == 0)
        symbols.add(0, "New");
      if (random.nextInt(4) == 0 && symbols.size() > 1)
        symbols.remove(random.nextInt(symbols.size()));
      map.put("symbols", symbols);
      if (!symbols.contains(map.get("default")))
        map.remove("default");
      break;
    case "record":
      map.put("fields", evolveFields((List<?>) map.get("fields")));
      break;
    default:
      break;
    }
    return random.nextInt(10) == 0 ? Arrays.asList("null", map) : map;
  }

  private void rename(Map<String, Object> map) {
    String name = (String) map.get("name");
    if (random.nextInt(8) != 0)
      return;
    if (random.nextBoolean())
      map.put("aliases", Arrays.asList(name));
    else if (random.nextBoolean() && name.contains("."))
      map.put("aliases", Arrays.asList(name.substring(name.lastIndexOf('.') + 1)));
    map.put("name", random.nextInt(3) == 0 ? "z." + name.substring(name.lastIndexOf('.') + 1) : name + "x");
  }

  private List<Object> evolveFields(List<?> fields) {
    List<Object> result = new ArrayList<>();
    for (Object each : fields) {
      Map<String, Object> field = new LinkedHashMap<>();
      ((Map<?, ?>) each).forEach((key, value) -> field.put((String) key, value));
      if (random.nextInt(8) == 0)
        continue;
      Object type = evolve(field.get("type"));
      if (!type.equals(field.get("type")))
        field.remove("default");
      field.put("type", type);
      if (random.nextInt(8) == 0) {
        if (random.nextInt(4) != 0)
          field.put("aliases", Arrays.asList(field.get("name")));
        field.put("name", field.get("name") + "x");
      }
      result.add(field);
    }
    if (random.nextInt(3) == 0)
      Collections.shuffle(result, random);
    while (random.nextInt(3) == 0) {
      Object type = type(1);
      Map<String, Object> field = map("name", word("n"), "type", type);
      Object value = json(type, 2);
      if (value != NONE && random.nextInt(10) != 0)
        field.put("default", value);
      result.add(random.nextInt(result.size() + 1), field);
    }
    return result;
  }

  private static String print(Object tree) {
    if (tree == null || tree instanceof Number || tree instanceof Boolean)
      return String.valueOf(tree);
    if (tree instanceof String)
      return quote((String) tree);
    List<String> parts = new ArrayList<>();
    if (tree instanceof List) {
      ((List<?>) tree).forEach(item -> parts.add(print(item)));
      return "[" + String.join(",", parts) + "]";
    }
    ((Map<?, ?>) tree).forEach((key, value) -> parts.add(quote((String) key) + ":" + print(value)));
    return "{" + String.join(",", parts) + "}";
  }

  private static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray())
      out.append(c < 32 || c > 126 || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    return out.append('"').toString();
  }

  private static Schema parse(String text) {
    try {
      Schema schema = new Schema.Parser().parse(text);
      return text.contains("\"name\"") && !allEnd(schema, new ArrayList<>()) ? null : schema;
    } catch (RuntimeException invalid) {
      return null;
    }
  }

  private Object datum(Schema schema, int depth) {
    switch (schema.getType()) {
    case NULL:
      return null;
    case BOOLEAN:
      return random.nextBoolean();
    case INT:
      return random.nextInt() >> random.nextInt(32);
    case LONG:
      return random.nextLong() >> random.nextInt(64);
    case FLOAT:
      return random.nextInt(20) == 0 ? pick(Float.NaN, Float.NEGATIVE_INFINITY) : (float) random.nextGaussian() * 1e3f;
    case DOUBLE:
      return random.nextInt(20) == 0 ? pick(Double.NaN, Double.POSITIVE_INFINITY, -0.0, 1e300, 5e-5, 1e7, 123456789.0)
          : random.nextGaussian();
    case BYTES:
      byte[] bytes = new byte[random.nextInt(6)];
      random.nextBytes(bytes);
      return ByteBuffer.wrap(random.nextBoolean() ? word("x").getBytes(StandardCharsets.UTF_8) : bytes);
    case STRING:
      return pick("", "a\"\\\n\u0001/\u007f", "\u20ac", "\ud83d\ude00", word("text"), "0123456789abcdef".repeat(random.nextInt(3)));
    case FIXED:
      byte[] fixed = new byte[schema.getFixedSize()];
      random.nextBytes(fixed);
      return new GenericData.Fixed(schema, fixed);
    case ENUM:
      return new GenericData.EnumSymbol(schema, schema.getEnumSymbols().get(random.nextInt(schema.getEnumSymbols().size())));
    case ARRAY:
      List<Object> items = new ArrayList<>();
      for (int i = depth <= 0 ? 0 : random.nextInt(4); i > 0; i--)
        items.add(datum(schema.getElementType(), depth - 1));
      return new GenericData.Array<>(schema, items);
    case MAP:
      Map<String, Object> map = new LinkedHashMap<>();
      for (int i = depth <= 0 ? 0 : random.nextInt(2); i > 0; i--)
        map.put("k" + i, datum(schema.getValueType(), depth - 1));
      return map;
    case UNION:
      List<Schema> types = schema.getTypes();
      if (depth <= 0)
        for (Schema branch : types)
          if (branch.getType() == Schema.Type.NULL)
            return null;
      return datum(types.get(random.nextInt(types.size())), depth - 1);
    default:
      GenericData.Record record = new GenericData.Record(schema);
      for (Schema.Field field : schema.getFields())
        record.put(field.pos(), datum(field.schema(), depth - 1));
      return record;
    }
  }

  private byte[] encode(Schema schema, Object datum) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = random.nextInt(3) == 0 ? new EncoderFactory().configureBlockSize(64).blockingBinaryEncoder(out, null)
        : EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<Object>(schema).write(datum, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  private static String toJson(Schema schema, Object datum) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonEncoder encoder = EncoderFactory.get().jsonEncoder(schema, out);
    new GenericDatumWriter<Object>(schema).write(datum, encoder);
    encoder.flush();
    return out.toString(StandardCharsets.UTF_8);
  }

  // null for Java's accidents: it prints nothing for a value without any leaf; renaming a field by its alias makes the
  // default of a record that names it invalid; bytes read as string need not be UTF-8; before JDK 19 doubles may have a
  // digit too many.
  private static String resolve(Schema writer, Schema reader, byte[] bytes) {
    try {
      BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, null);
      Object datum = new GenericDatumReader<Object>(writer, reader).read(null, decoder);
      String json = decoder.isEnd() ? toJson(reader, datum) : "error";
      return json.isEmpty() || json.contains("\ufffd") || wordy(json) ? null : json;
    } catch (Exception failed) {
      return String.valueOf(failed.getMessage()).startsWith("Invalid default for field") ? null : "error";
    }
  }

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+\\.[0-9]{13,}(E-?[0-9]+)?");

  private static boolean wordy(String json) {
    return NUMBER.matcher(json).results().map(match -> match.group()).anyMatch(number -> {
      BigDecimal exact = new BigDecimal(number), shorter = exact.round(new MathContext(16));
      return exact.precision() > 17 || (exact.precision() == 17 && shorter.doubleValue() == exact.doubleValue());
    });
  }

  private static boolean allEnd(Schema schema, List<Schema> seen) {
    if (seen.stream().anyMatch(other -> other == schema))
      return true;
    seen.add(schema);
    switch (schema.getType()) {
    case UNION:
      return schema.getTypes().stream().allMatch(branch -> allEnd(branch, seen));
    case ARRAY:
      return allEnd(schema.getElementType(), seen);
    case MAP:
      return allEnd(schema.getValueType(), seen);
    case RECORD:
      return ends(schema, new ArrayList<>()) && schema.getFields().stream().allMatch(field -> allEnd(field.schema(), seen));
    default:
      return true;
    }
  }

  // Whether there is a value at all; Java takes records that contain themselves without an end.
  private static boolean ends(Schema schema, List<Schema> open) {
    if (schema.getType() == Schema.Type.UNION)
      return schema.getTypes().stream().anyMatch(branch -> ends(branch, open));
    if (schema.getType() != Schema.Type.RECORD)
      return true;
    if (open.stream().anyMatch(other -> other == schema))
      return false;
    List<Schema> inner = new ArrayList<>(open);
    inner.add(schema);
    return schema.getFields().stream().allMatch(field -> ends(field.schema(), inner));
  }

  private static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte b : bytes)
      out.append(String.format("%02x", b));
    return out.toString();
  }

  public static void main(String[] arguments) throws IOException {
    Vectors vectors = new Vectors(Long.parseLong(arguments[0]));
    int count = Integer.parseInt(arguments[1]);
    Path directory = Path.of(arguments[2]);
    Files.createDirectories(directory);
    try (PrintWriter same = writer(directory, "same"); PrintWriter resolve = writer(directory, "resolve");
        PrintWriter schemas = writer(directory, "schemas"); PrintWriter compatible = writer(directory, "compatible")) {
      for (int i = 0; i < count; i++)
        vectors.one(same, resolve, schemas, compatible);
    }
  }

  private static PrintWriter writer(Path directory, String kind) throws IOException {
    return new PrintWriter(Files.newBufferedWriter(directory.resolve(kind + ".tsv")));
  }

  private void one(PrintWriter same, PrintWriter resolve, PrintWriter schemas, PrintWriter compatible) throws IOException {
    names = 0;
    int depth = random.nextInt(6) == 0 ? 3 : random.nextInt(2) + 1;
    Object tree = random.nextInt(4) == 0 ? type(depth) : record(depth);
    String text = print(tree);
    Schema writer = parse(text);
    if (writer == null || text.length() > 700)
      return;
    long fingerprint = SchemaNormalization.parsingFingerprint64(writer);
    schemas.printf("%s\t%s\t%016x%n", text, SchemaNormalization.toParsingForm(writer), Long.reverseBytes(fingerprint));
    byte[] bytes = encode(writer, datum(writer, 6));
    String back = resolve(writer, writer, bytes);
    if (back != null)
      same.printf("%s\t%s\t%s%n", text, hex(bytes), back);
    String readerText = null;
    Schema reader = null;
    for (int tries = 0; reader == null && tries < 10; tries++) {
      readerText = print(evolve(random.nextInt(3) == 0 ? evolve(tree) : tree));
      reader = parse(readerText);
    }
    if (reader == null)
      return;
    boolean fits = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
        .getType() == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
    compatible.printf("%s\t%s\t%s%n", text, readerText, fits ? "yes" : "no");
    for (int i = 0; i < 2; i++) {
      byte[] data = encode(writer, datum(writer, 6));
      String json = resolve(writer, reader, data);
      if (json != null)
        resolve.printf("%s\t%s\t%s\t%s%n", text, readerText, hex(data), json);
    }
  }
}
