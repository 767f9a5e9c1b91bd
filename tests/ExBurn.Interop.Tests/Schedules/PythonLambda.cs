using System.Globalization;

namespace ExBurn.Tests.Schedules;

/// <summary>
/// A function of one number as Python writes it: <c>lambda epoch: 0.95 ** epoch</c>, or its body alone. Numbers, the variable, + - * / // % **, comparisons,
/// <c>a if c else b</c>, parentheses, and min, max, abs, math.cos, math.sin, math.pi, math.exp, math.sqrt, math.floor, float, int.
/// </summary>
internal sealed class PythonLambda
{
    private readonly List<string> _tokens = [];
    private readonly string? _variable;
    private int _at;
    private double _x;

    private PythonLambda(string text)
    {
        var body = text.Trim();
        if (body.StartsWith("lambda", StringComparison.Ordinal))
        {
            var colon = body.IndexOf(':', StringComparison.Ordinal);
            (_variable, body) = (body[6..colon].Trim(), body[(colon + 1)..]);
        }
        for (var i = 0; i < body.Length;)
        {
            var c = body[i];
            var start = i++;
            if (char.IsWhiteSpace(c))
                continue;
            if (char.IsDigit(c) || c == '.')
                while (i < body.Length && (char.IsDigit(body[i]) || body[i] is '.' or 'e' or 'E' || (body[i] is '-' or '+' && body[i - 1] is 'e' or 'E')))
                    i++;
            else if (char.IsLetter(c) || c == '_')
                while (i < body.Length && (char.IsLetterOrDigit(body[i]) || body[i] is '_' or '.'))
                    i++;
            else if (i < body.Length && (body.Substring(start, 2) is "**" or "//" or "<=" or ">=" or "==" or "!="))
                i++;
            _tokens.Add(body[start..i]);
        }
    }

    public static Func<int, double> Parse(string text)
    {
        var lambda = new PythonLambda(text);
        return position =>
        {
            (lambda._at, lambda._x) = (0, position);
            var value = lambda.Choice();
            return lambda._at == lambda._tokens.Count ? value : throw new FormatException($"'{text}': unexpected '{lambda._tokens[lambda._at]}'");
        };
    }

    private double Choice()
    {
        var value = Comparison();
        if (!Take("if"))
            return value;
        var condition = Comparison();
        Expect("else");
        var other = Choice();
        return condition != 0 ? value : other;
    }

    private double Comparison()
    {
        var value = Sum();
        while (Peek() is "<" or ">" or "<=" or ">=" or "==" or "!=")
        {
            var (sign, right) = (Next(), Sum());
            value = (sign switch { "<" => value < right, ">" => value > right, "<=" => value <= right, ">=" => value >= right, "==" => value == right, _ => value != right }) ? 1 : 0;
        }
        return value;
    }

    private double Sum()
    {
        var value = Product();
        while (Peek() is "+" or "-")
            value = Next() == "+" ? value + Product() : value - Product();
        return value;
    }

    private double Product()
    {
        var value = Signed();
        while (Peek() is "*" or "/" or "//" or "%")
        {
            var (sign, right) = (Next(), Signed());
            value = sign switch { "*" => value * right, "/" => value / right, "//" => Math.Floor(value / right), _ => value - (right * Math.Floor(value / right)) };
        }
        return value;
    }

    private double Signed() => Take("-") ? -Signed() : Take("+") ? Signed() : Power();

    private double Power()
    {
        var value = Atom();
        return Take("**") ? Math.Pow(value, Signed()) : value;
    }

    private double Atom()
    {
        var token = Next();
        if (token == "(")
        {
            var inside = Choice();
            Expect(")");
            return inside;
        }
        if (double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        if (token is "math.pi" or "pi")
            return Math.PI;
        if (Peek() != "(")
            return _variable is null || token == _variable ? _x : throw new FormatException($"unknown name '{token}'");
        Next();
        var arguments = new List<double> { Choice() };
        while (Take(","))
            arguments.Add(Choice());
        Expect(")");
        return token switch
        {
            "min" => arguments.Min(),
            "max" => arguments.Max(),
            "abs" => Math.Abs(arguments[0]),
            "float" => arguments[0],
            "int" => Math.Truncate(arguments[0]),
            "pow" or "math.pow" => Math.Pow(arguments[0], arguments[1]),
            "math.cos" or "cos" => Math.Cos(arguments[0]),
            "math.sin" or "sin" => Math.Sin(arguments[0]),
            "math.exp" or "exp" => Math.Exp(arguments[0]),
            "math.sqrt" or "sqrt" => Math.Sqrt(arguments[0]),
            "math.floor" => Math.Floor(arguments[0]),
            _ => throw new FormatException($"unknown function '{token}'"),
        };
    }

    private string? Peek() => _at < _tokens.Count ? _tokens[_at] : null;

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : throw new FormatException("the text ends too early");

    private bool Take(string token)
    {
        if (Peek() != token)
            return false;
        _at++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
            throw new FormatException($"expected '{token}', found '{Peek()}'");
    }
}
