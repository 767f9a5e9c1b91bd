using System.Text;

namespace ExBurn;

/// <summary>
/// Records of a text in the form of RFC 4180: fields between separators, records on lines, a field in double quotes may hold separators, line breaks and
/// doubled quotes. Lines end with CR, LF or both; empty lines are left out.
/// </summary>
internal sealed class CsvReader(TextReader text, char separator, string name)
{
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();
    private long _line = 1;

    /// <summary>Line on which the record begins, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next record; null at the end. The list is used again.</summary>
    /// <exception cref="DataFormatException">A quote is not closed, or text follows a closed one.</exception>
    public List<string>? Read()
    {
        SkipEmptyLines();
        if (text.Peek() < 0)
            return null;
        Line = _line;
        _fields.Clear();
        while (ReadField())
        {
        }
        return _fields;
    }

    private void SkipEmptyLines()
    {
        while (text.Peek() is '\r' or '\n')
            EndLine(text.Read());
    }

    /// <summary>Reads a field and what ends it; whether the record goes on.</summary>
    private bool ReadField()
    {
        _field.Clear();
        if (text.Peek() == '"')
            ReadQuoted();
        while (true)
        {
            var next = text.Read();
            if (next == separator)
                return Close(true);
            if (next is '\r' or '\n')
            {
                EndLine(next);
                return Close(false);
            }
            if (next < 0)
                return Close(false);
            _field.Append((char)next);
        }
    }

    private void ReadQuoted()
    {
        var start = _line;
        text.Read();
        while (true)
        {
            var next = text.Read();
            if (next < 0)
                throw new DataFormatException(name, $"line {start}, field {_fields.Count + 1}", "a closing quote", "the end of the file");
            if (next == '"')
            {
                if (text.Peek() != '"')
                    break;
                text.Read();
            }
            else if (next == '\n' || (next == '\r' && text.Peek() != '\n'))
            {
                _line++;
            }
            _field.Append((char)next);
        }
        if (text.Peek() is var after && after >= 0 && after != separator && after is not ('\r' or '\n'))
            throw new DataFormatException(name, $"line {_line}, field {_fields.Count + 1}", "a separator after a closing quote", $"'{(char)after}'");
    }

    private bool Close(bool more)
    {
        _fields.Add(_field.ToString());
        return more;
    }

    private void EndLine(int first)
    {
        if (first == '\r' && text.Peek() == '\n')
            text.Read();
        _line++;
    }
}
