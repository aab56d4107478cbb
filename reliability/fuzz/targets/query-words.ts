/**
 * Words of the query language, for targets that are given queries: add those of new features here.
 *
 * @module
 */

/** Tokens, fragments and values. */
export const QUERY_WORDS: readonly string[] = [
  "id", "name", "nick", "age", "level", "weight", "ratio", "price", "isActive", "born", "photo", "oid", "uid", "tags", "scores", "dog", "dog.name", "dog.age", "friend", "friend.name", "friend.friend.age", "friends", "anything", "full_name",
  "==", "=", "!=", "<>", "<", "<=", "=<", ">", ">=", "=>", "==[c]", "!=[c]", "[c]", " IN ", " IN[c] ", " BETWEEN {", " BEGINSWITH ", " BEGINSWITH[c] ", " ENDSWITH ", " CONTAINS ", " CONTAINS[c] ", " LIKE ", " LIKE[c] ",
  " AND ", " && ", " OR ", " || ", "NOT ", "!", "(", ")", "{", "}", ",", ".", "[", "]", "[0]", "[FIRST]", "[*]",
  "TRUEPREDICATE", "FALSEPREDICATE", " SORT(", " ASC)", " DESC)", " DISTINCT(", " LIMIT(", "true", "false", "null", "nil", "NULL",
  "ANY ", "ALL ", "NONE ", "SOME ", "@size", "@count", "@min", "@max", "@sum", "@avg", "@links", "@type", "@keys", "@values", "SUBQUERY(", "$x", " TEXT ", " GEOWITHIN ", "geoCircle(", "obj(", "binary(",
  "$0", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$99999999999999999999", "$K0",
  "0", "1", "-1", "+3", "42", "222", "223", "-24", "-25", "127", "128", "65536", "4294967296", "9007199254740991", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0x1F",
  "0.5", "-0.5", "1.5", ".5", "5.", "1e3", "1e400", "1.0f", "inf", "-infinity", "nan", "NaN",
  '"a"', "'a'", '""', '"A"', '"é"', '"\\u0000"', '"\\n"', '"a*"', '"?"', '"*a*"', '"\u{1F600}"', '"\\ud800"', 'B64"YQ=="', 'B64"YWI"', "1970-01-01@00:00:00", "2026-11-21T12:00:00:500000000", "T0:0", "T-1:-500000000", "1899-01-01@0:0:0", "275760-09-14@0:0:0",
  "labels", "extras", "numbers", "note", "place", "fans", "fans.@count", "@links.Person.friends", "@links.@count", "friends.@count", "friends.age", "friends.@max.age", "scores.@sum", "scores.@avg", "tags.@size", "extras.@keys", "extras['a']", "numbers.b", "numbers.@values", "tags[0]", "scores[LAST]", "scores[SIZE]", "anything.@type", "extras.@type",
  "SUBQUERY(friends, $f, $f.age > 1).@count", "$f", "$f.name", "obj('Person', 1)", "obj('Dog', 'a')", "O1", "L1:2", "note TEXT 'a -b c*'", " TEXT ", "place GEOWITHIN geoCircle([0, 1], 0.5)", "geoBox([0, 1], [2, 3])", "geoPolygon({[0, 0], [1, 0], [1, 1], [0, 0]})", "$K0", "binary(3)", "bin(\"YQ==\")", "age + 1", "level * 2 - id", "age / 0", "ANY tags", "ALL scores", "NONE friends.age", "ANY {1, 2}", "{1, $1}", "size", "FIRST", "'int'", "'string'", "'numeric'",
  "oid(0123456789abcdef01234567)", "uuid(01234567-89ab-4def-8123-456789abcdef)", "+", "-", "*", "/", "&&!", "((((((((", "))))))))", "\\ ",
];

/** Whole queries to begin with. */
export const QUERY_SEEDS: readonly string[] = [
  "TRUEPREDICATE", "age > 3", "name == 'a' AND NOT (age <= 2 OR isActive == true)", "name BEGINSWITH[c] $0", "age BETWEEN {1, $1}", "name IN {'a', $0, null}", "'a' IN tags", "dog.name LIKE '*a?' SORT(age DESC, name ASC) LIMIT(3)",
  "level == 1 || born >= 1970-01-01@00:00:00 DISTINCT(name)", "price > 1.5 && weight != nan", "oid == oid(0123456789abcdef01234567)", "uid == uuid(01234567-89ab-4def-8123-456789abcdef)", "photo == B64\"YQ==\"", "friend.age < dog.age", "friend == null", "nick ==[c] 'A' SORT(friend.name DESC)", "age IN $5",
  "ANY friends.age > 3 AND ALL scores >= 0", "NONE tags == 'x' OR friends.@count > 1", "SUBQUERY(friends, $f, $f.age > id AND $f.name != $0).@count >= 1", "age + level * 2 > id - 1", "scores.@max > 3 && scores.@avg < 100", "extras['a'] == 1 OR extras.@keys == 'b'", "numbers.a > 1", "labels CONTAINS 'x'", "note TEXT 'quick -fox'", "@links.Person.friends.@count > 0", "fans.age > 1 SORT(friend.age DESC)", "anything.@type == 'int'", "tags[0] == 'a' AND scores[LAST] > 0", "friend == obj('Person', 1)", "friends.@sum.age > 5",
];
