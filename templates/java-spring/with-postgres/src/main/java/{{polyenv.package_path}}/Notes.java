package {{polyenv.package}};

import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** What the database keeps. */
@Repository
class Notes {

  private final JdbcClient database;

  Notes(JdbcClient database) {
    this.database = database;
  }

  List<Note> list() {
    return database.sql("select id, text from notes order by id").query(Note.class).list();
  }

  Note add(String text) {
    return database
        .sql("insert into notes (text) values (:text) returning id, text")
        .param("text", text)
        .query(Note.class)
        .single();
  }

  record Note(long id, String text) {}
}
